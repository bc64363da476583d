import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ApiObject } from '../api-client.ts';
import type { Context } from './context.ts';

export const ADMISSION_PATH = '/validate';

interface Review {
  readonly request: { readonly uid: string; readonly kind: { readonly kind: string }; readonly operation: string; readonly object: ApiObject | null; readonly oldObject: ApiObject | null };
}

/** As much of KubeVirt's admission as concerns checkpoints, in its own words. */
export async function answerReview(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { request: asked } = JSON.parse(await text(request)) as Review;
  const refusal = refusalOf(context, asked);
  const verdict = { uid: asked.uid, allowed: refusal === undefined, ...(refusal === undefined ? {} : { status: { code: 422, message: refusal } }) };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: verdict }));
}

function refusalOf({ snapshotGate }: Context, { kind, operation, object, oldObject }: Review['request']): string | undefined {
  if (kind.kind === 'VirtualMachineSnapshot' && operation === 'CREATE' && !snapshotGate) return 'snapshot feature gate not enabled';
  if (kind.kind !== 'VirtualMachine' || operation !== 'UPDATE' || JSON.stringify(object?.['spec']) === JSON.stringify(oldObject?.['spec'])) return undefined;
  const { snapshotInProgress, restoreInProgress } = (object?.['status'] ?? {}) as { snapshotInProgress?: string; restoreInProgress?: string };
  if (snapshotInProgress !== undefined) return `Cannot update VM spec until snapshot "${snapshotInProgress}" completes`;
  if (restoreInProgress !== undefined && object?.['spec'].runStrategy !== 'Halted') return `Cannot start VM until restore "${restoreInProgress}" completes`;
  return undefined;
}

export async function registerAdmission({ client }: Context, port: number, caBundle: string): Promise<void> {
  const rule = (apiGroup: string, resource: string, operation: string) => ({ apiGroups: [apiGroup], apiVersions: ['*'], operations: [operation], resources: [resource] });
  await client.ensure('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'virt-api-validator' },
    webhooks: [
      {
        name: 'virtualmachine-validator.kubevirt.io',
        clientConfig: { url: `https://127.0.0.1:${port}${ADMISSION_PATH}`, caBundle },
        rules: [rule('kubevirt.io', 'virtualmachines', 'UPDATE'), rule('snapshot.kubevirt.io', 'virtualmachinesnapshots', 'CREATE')],
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 30 },
      },
    ],
  });
}
