import { describe, expect, test } from 'vitest';
import { parseHealth, parseMembers, parseStatus, parseValue } from '../../../../harness/suite/e2e/etcd.ts';

describe('etcdctl -w json', () => {
  test('keeps all 64 bits of an id, which a JSON number in JavaScript does not', () => {
    const text =
      '{"header":{"cluster_id":8314294951048061493,"member_id":117707773513558278,"raft_term":2},' +
      '"members":[{"ID":117707773513558278,"name":"m1","peerURLs":["https://10.0.0.2:2380"]},{"ID":117707773513558279,"isLearner":true}]}';
    expect(parseMembers(text)).toEqual([
      { id: '117707773513558278', name: 'm1', learner: false, peerURLs: ['https://10.0.0.2:2380'] },
      { id: '117707773513558279', name: '', learner: true, peerURLs: [] },
    ]);
  });

  test('reads the status of one endpoint', () => {
    const text =
      '[{"Endpoint":"https://10.0.0.2:2379","Status":{"header":{"cluster_id":1,"member_id":9223372036854775809,"revision":994},' +
      '"version":"3.4.23","dbSize":1896448,"leader":9223372036854775809,"raftIndex":1060}}]';
    expect(parseStatus(text)).toEqual({ id: '9223372036854775809', cluster: '1', version: '3.4.23', leader: '9223372036854775809', errors: [] });
  });

  test('knows no leader where etcd leaves it out, and carries its alarms', () => {
    const text = '[{"Status":{"header":{"cluster_id":1,"member_id":7},"version":"3.5.16","errors":["etcdserver: no leader"]}}]';
    expect(parseStatus(text)).toMatchObject({ leader: '0', errors: ['etcdserver: no leader'] });
  });

  test('tells a healthy member from one that is not', () => {
    expect(parseHealth('[{"endpoint":"https://127.0.0.1:2379","health":true,"took":"3ms"}]')).toEqual({ healthy: true, error: '' });
    expect(parseHealth('[{"endpoint":"x","health":false,"took":"5s","error":"context deadline exceeded"}]')).toEqual({
      healthy: false,
      error: 'context deadline exceeded',
    });
  });

  test('decodes a value, and finds none under a key that does not exist', () => {
    const value = Buffer.from('k8s:enc:secretbox:v1:key1:\u0000');
    expect(parseValue(`{"header":{},"kvs":[{"key":"L2E=","value":"${value.toString('base64')}"}],"count":1}`)).toEqual(value);
    expect(parseValue('{"header":{"revision":5}}')).toBeUndefined();
  });

  test('refuses what is not etcd’s answer', () => {
    expect(() => parseStatus('[]')).toThrow();
    expect(() => parseMembers('Error: context deadline exceeded')).toThrow();
  });
});
