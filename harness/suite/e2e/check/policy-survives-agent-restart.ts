import type { Check } from '../../check.ts';
import { policyAgentGone, policyAgentStartsWithFlush } from '../fault/policy-agent.ts';
import { judgeComplaints } from '../judge.ts';
import { AGENT_LIMIT, restartAgent } from '../policy/agent.ts';
import { applyPolicy, removePolicy, untilEnforced, untilOpen } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, FRIEND_LABELS, policyStage, targetLabels } from '../policy/stage.ts';
import { countOf, volley, volleyComplaints } from '../policy/volley.ts';

const NAME = 'policy-survives-agent-restart';
/** Seconds of one round of requests. */
const ROUND = 3;
/** Rounds after the agent is ready again: it lays its rules anew in the first seconds. */
const ROUNDS_AFTER = 2;

export const policySurvivesAgentRestart: Check = {
  name: NAME,
  title: 'While and after the agent restarts on every node, no request passes that a policy denies, and all pass that it allows',
  limitMs: POLICY_CHECK_LIMIT + AGENT_LIMIT,
  needs: ['disruption'],
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny', 'policy-allow-by-pod'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, targets } = await policyStage(context, NAME, 'every-node');
    const [allowed, denied] = [flows([friend], targets), flows([stranger], targets)];
    await untilOpen(context, 'before any policy', [...allowed, ...denied]);
    const complaints: string[] = [];
    let requests = 0;
    const round = async () => {
      const [passed, refused] = await Promise.all([volley(context, friend, allowed, ROUND), volley(context, stranger, denied, ROUND)]);
      requests += countOf(passed) + countOf(refused);
      complaints.push(...volleyComplaints(passed, 'allowed'), ...volleyComplaints(refused, 'denied'));
    };
    try {
      await applyPolicy(context, NAME, {
        podSelector: { matchLabels: targetLabels(NAME) },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: FRIEND_LABELS } }] }],
      });
      await untilEnforced(context, 'allow friends', { allowed, denied });
      let back = false;
      const restarted = restartAgent(context).finally(() => (back = true));
      // Its failure is awaited below; until then the requests go on.
      restarted.catch(() => undefined);
      while (!back) await round();
      await restarted;
      for (let after = 0; after < ROUNDS_AFTER; after += 1) await round();
    } finally {
      await removePolicy(context, NAME);
    }
    return judgeComplaints(`${allowed.length} flows passed and ${denied.length} were refused in each of ${requests} requests`, complaints);
  },
  sabotages: [
    {
      name: 'agent-starts-with-flush',
      observed: /denied pod stranger → http:\/\/\S+: answered \d+ of \d+ times/,
      apply: policyAgentStartsWithFlush,
    },
    { name: 'policy-agent-gone', observed: /allow friends: denied pod stranger → http:\/\/\S+: answered by/, apply: policyAgentGone },
  ],
};
