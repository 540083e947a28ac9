// Alerts of every kind, and a place where channels deliver.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ago, type Board, MINUTE } from './fixtures.ts';

/** Another system raises an alert. */
export const raised = (alert: string, severity: string, more: object = {}) => ({
  type: 'alert.raised',
  source: 'nagios',
  data: { alert, title: `${alert} is down`, severity, source: 'nagios', message: `No answer from ${alert}.`, ...more },
});

/** Another system says that it is over. */
export const cleared = (alert: string) => ({ type: 'alert.cleared', source: 'nagios', data: { alert } });

/** A metric's value, `past` milliseconds ago. */
export const depth = (value: number, past = 0, labels: object = { queue: 'mail' }) => ({
  type: 'metric.observed',
  time: ago(past),
  data: { name: 'queue_depth', value, labels },
});

/** A rule that fires when the queue is deep. */
export const DEEP = {
  name: 'The queue is deep',
  severity: 'critical',
  owner: 'post office',
  runbook: 'https://example.org/runbooks/queue',
  labels: { team: 'post' },
  on: { metric: 'queue_depth', labels: { queue: 'mail' }, aggregation: 'max', window_s: 60, op: '>', threshold: 100 },
};

/** What one hour of the queue was like: deep twice. */
export const past = () =>
  Array.from({ length: 60 }, (_, i) => depth([10, 11, 12, 40, 41].includes(i) ? 180 + i : 20 + (i % 7), (60 - i) * MINUTE));

/** The alerts that are open, once there are so many. */
export async function alerts(board: Board, count: number): Promise<any[]> {
  for (let i = 0; i < 300; i += 1) {
    const all = await board.get('/api/v1/alerts?state=firing');
    if (all.length >= count) return all;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`fewer than ${count} alerts: ${JSON.stringify(await board.get('/api/v1/alerts'))}`);
}

/** What was delivered, and to which path. */
export type Delivery = { path: string; body: any };

/** Takes what channels deliver. */
export class Receiver {
  readonly got: Delivery[] = [];
  url = '';
  /** What it answers. */
  status = 200;
  private server: Server | undefined;

  static async create(): Promise<Receiver> {
    const receiver = new Receiver();
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (bytes) => (text += String(bytes)));
      request.on('end', () => {
        receiver.got.push({ path: request.url ?? '', body: JSON.parse(text || 'null') });
        response.writeHead(receiver.status, { 'content-type': 'text/plain' }).end('as it came');
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    receiver.server = server;
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return receiver;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }
}
