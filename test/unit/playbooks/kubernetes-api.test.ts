import { expect, test } from 'vitest';
import { runPython } from './python-module.ts';

/** A server that answers with each of `given["answers"]` in turn: a status, the name of an error, or `ok`. */
const PROGRAM = `
class Connection:
    def close(self): pass

class Scripted(module.Api):
    def __init__(self, answers):
        self.answers, self.asked, self.connection = list(answers), 0, Connection()

    def once(self, method, path, body, content_type):
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer == "ok":
            return {}
        if isinstance(answer, int):
            raise module.ApiError(answer, "said %d" % answer)
        raise {"timeout": TimeoutError("The read operation timed out"), "refused": ConnectionRefusedError("refused"),
               "certificate": module.ssl.SSLCertVerificationError("unknown authority")}[answer]

slept = []
clock = [0.0]
module.time.time = lambda: clock[0]
def sleep(seconds):
    slept.append(seconds)
    clock[0] += seconds
module.time.sleep = sleep
api = Scripted(given["answers"])
try:
    api.request(given["method"], "/")
    outcome = "ok"
except Exception as error:
    outcome = type(error).__name__
print(json.dumps({"outcome": outcome, "asked": api.asked, "seconds": round(sum(slept))}))
`;
const ask = (method: string, answers: readonly (string | number)[]) => runPython('module_utils/kubernetes_api.py', PROGRAM, { method, answers });

test.each([
  ['a read that times out is asked again', 'GET', ['timeout', 'ok'], { outcome: 'ok', asked: 2 }],
  ['a server-side apply that times out is asked again', 'PATCH', ['timeout', 'ok'], { outcome: 'ok', asked: 2 }],
  ['a creation that times out may have happened', 'POST', ['timeout', 'ok'], { outcome: 'TimeoutError', asked: 1 }],
  ['a creation that never reached the server is asked again', 'POST', ['refused', 'ok'], { outcome: 'ok', asked: 2 }],
  ['a store that elects its leader is waited for', 'PATCH', [500, 503, 429, 'ok'], { outcome: 'ok', asked: 4 }],
  ['a refusal is final', 'PATCH', [403, 'ok'], { outcome: 'ApiError', asked: 1 }],
  ['a certificate of another authority is final', 'GET', ['certificate', 'ok'], { outcome: 'SSLCertVerificationError', asked: 1 }],
] as const)('%s', async (_, method, answers, expected) => {
  expect(await ask(method, answers)).toMatchObject(expected);
});

test('a server that never comes back is given up after 90 seconds', async () => {
  const { outcome, seconds } = (await ask('GET', ['refused'])) as { outcome: string; seconds: number };
  expect(outcome).toBe('ConnectionRefusedError');
  expect(seconds).toBeGreaterThan(80);
  expect(seconds).toBeLessThanOrEqual(90);
});
