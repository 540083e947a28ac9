// A board of a test's own: the real binary, a free port, a data directory that is thrown away.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BINARY = resolve(process.env.BELLWETHER_BIN ?? join(ROOT, 'target/debug/bellwether'));
/** How long starting may take; a debug build on a busy machine is slow. */
const START_MS = 30_000;
/** How long a told server may take to end, by the contract. */
const STOP_MS = 5_000;

export type Event = { type: string; data: object; time?: string; id?: string; source?: string };

/** `args` are further ones of the command line. */
export type BoardOptions = { sampler: boolean; args?: string[] };

export class Board {
  url = '';
  /** What the board is asked with, once not everybody is let in. */
  token = '';
  private process: ChildProcess | undefined;
  private log: string[] = [];

  private constructor(
    private readonly dir: string,
    private readonly options: BoardOptions,
  ) {}

  static async create(options: BoardOptions): Promise<Board> {
    const board = new Board(await mkdtemp(join(tmpdir(), 'bellwether-e2e-')), options);
    await board.start();
    return board;
  }

  /** Starts the server: at the address it had before, if it had one. */
  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const args = ['serve', '--listen', listen, '--data-dir', this.dir];
    if (!this.options.sampler) args.push('--no-sampler');
    args.push(...(this.options.args ?? []));
    // The site is found from the root of the repository, unless it is inside the binary.
    const child = spawn(BINARY, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    child.stderr.on('data', (bytes) => this.log.push(String(bytes)));
    this.url = await new Promise<string>((ready, fail) => {
      const timer = setTimeout(() => fail(this.trouble('did not start in time')), START_MS);
      let said = '';
      child.stdout.on('data', (bytes) => {
        said += String(bytes);
        const at = /listening on (http:\/\/\S+)/.exec(said)?.[1];
        if (at) {
          clearTimeout(timer);
          ready(at);
        }
      });
      child.once('error', (error) => fail(this.trouble(String(error))));
      child.once('exit', (code) => fail(this.trouble(`ended at once with ${code}`)));
    });
  }

  /** Ends the server as an operator does; it must do so in time and without complaint. */
  async stop(): Promise<void> {
    const code = await this.end('SIGTERM', STOP_MS);
    if (code !== 0) throw this.trouble(`ended with ${code}`);
  }

  /** Ends the server as a power cut does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL', STOP_MS);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Sends events; they are shown when this returns. */
  async send(...events: Event[]): Promise<void> {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    const answer = await this.post('/api/v1/events?wait=applied', 'application/x-ndjson', body);
    if (answer.rejected.length > 0) throw new Error(JSON.stringify(answer.rejected));
  }

  /** Imports a report as any test runner writes it. */
  async importJunit(project: string, xml: string): Promise<void> {
    const query = new URLSearchParams({ project, wait: 'applied' });
    await this.post(`/api/v1/import/junit?${query}`, 'application/xml', xml);
  }

  async get(path: string): Promise<any> {
    const response = await fetch(this.url + path, { headers: this.credentials() });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Ends the server, whatever state it is in, and throws its data away. */
  async discard(): Promise<void> {
    await this.end('SIGKILL', STOP_MS);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Sends JSON, and reads what is answered. */
  async call(path: string, data: object): Promise<any> {
    return this.post(path, 'application/json', JSON.stringify(data));
  }

  private credentials(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  private async post(path: string, type: string, body: string): Promise<any> {
    const headers = { 'content-type': type, ...this.credentials() };
    const response = await fetch(this.url + path, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  private async end(signal: NodeJS.Signals, within: number): Promise<number | null> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return 0;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(this.trouble(`did not end within ${within} ms of ${signal}`));
      }, within);
      child.removeAllListeners('exit');
      child.once('exit', (code) => {
        clearTimeout(timer);
        done(code);
      });
      child.kill(signal);
    });
  }

  private trouble(what: string): Error {
    return new Error(`${BINARY} ${what}\n${this.log.join('')}`);
  }
}
