// What VS Code's Jupyter extension asks of an existing server, in its order: one JSON line for each step that worked. Arguments: the origin, the token,
// a file that is not there.
//
// Read in microsoft/vscode-jupyter (July 2026): the probing of an address, the checks of a server, the sessions of documents that lie on the client's
// machine, the code that it runs unseen, a window that is loaded again while a cell runs. It stands on @jupyterlab/services and ws, as the extension does.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  ContentsManager, KernelAPI, KernelManager, KernelMessage, KernelSpecManager, ServerConnection, SessionManager,
} from '@jupyterlab/services';
import WebSocket from 'ws';

const [origin, token, gate] = process.argv.slice(2);
const base = `${origin}/`;
process.on('unhandledRejection', (fault) => { // what its window had still asked when it was closed
  if (!/disposed|canceled/i.test(fault?.message ?? '')) { console.error(fault); process.exit(1); }
});
const say = (step, value = true) => process.stdout.write(`${JSON.stringify({ step, value })}\n`);
const get = (path, redirect) => fetch(new URL(path, base), { redirect, headers: { Connection: 'keep-alive' } });

/** Whether the server wants a password: it asks for one only if the address has no token. */
async function needsPassword() {
  const first = await get('', 'follow');
  if (first.status === 200 && first.redirected && first.url.includes('/login?')) return true;
  if (first.status === 200 && first.redirected && first.url.includes('/lab?')) return false;
  const tree = await get('tree?', 'manual');
  return tree.status !== 404 && tree.status !== 200;
}

async function isHub() {
  const answer = await get('hub/api', 'follow');
  if (answer.status !== 200) return false;
  try { return Boolean((await answer.json()).version); } catch { return false; }
}

/** The settings of a connection: the token in a header of requests and of sockets, and in the addresses of sockets. */
function settingsOf(ours) {
  const headers = ours ? { Authorization: `token ${ours}` } : {};
  class Socket extends WebSocket {
    constructor(url, protocols) { super(url, protocols, { headers }); }
  }
  class Asking extends Request {
    constructor(input, init) {
      super(input, init);
      for (const [name, value] of Object.entries(headers)) this.headers.append(name, value);
      this.headers.set('Content-Type', 'application/json');
      const append = this.headers.append.bind(this.headers);
      this.headers.append = (name, value) => name.toLowerCase() === 'authorization' || append(name, value);
    }
  }
  return ServerConnection.makeSettings({
    baseUrl: base, appUrl: '', wsUrl: base.replace('http', 'ws'), ...(ours ? { token: ours, appendToken: true } : {}),
    init: { cache: 'no-store', credentials: 'same-origin' }, WebSocket: Socket, Request: Asking, Headers, fetch,
  });
}

/** One window: its managers, which know nothing of those of another one. */
function opened() {
  const serverSettings = settingsOf(token);
  const kernels = new KernelManager({ serverSettings });
  const specs = new KernelSpecManager({ serverSettings });
  const sessions = new SessionManager({ serverSettings, kernelManager: kernels });
  return { serverSettings, kernels, specs, sessions, contents: new ContentsManager({ serverSettings }) };
}

async function check({ serverSettings, sessions, specs }) {
  const running = await KernelAPI.listRunning(serverSettings);
  await sessions.ready;
  await specs.refreshSpecs();
  return [running.every((one) => Date.parse(one.last_activity) > 0 && Number.isInteger(one.connections)), Object.keys(specs.specs.kernelspecs)];
}

function close(window) {
  window.contents.dispose();
  window.sessions.dispose();
  window.kernels.dispose();
  window.specs.dispose();
}

const idle = (kernel) => new Promise((resolve) => {
  if (kernel.status === 'idle') resolve();
  kernel.statusChanged.connect((_, status) => status === 'idle' && resolve());
});
const connected = (kernel) => new Promise((resolve) => {
  if (kernel.connectionStatus === 'connected') resolve();
  kernel.connectionStatusChanged.connect((_, status) => status === 'connected' && resolve());
});

async function silently(kernel, code) {
  const future = kernel.requestExecute({ code, silent: false, stop_on_error: false, allow_stdin: true, store_history: false }, true);
  const texts = [];
  future.onIOPub = (message) => KernelMessage.isStreamMsg(message) && texts.push(message.content.text);
  await future.done;
  return texts.join('');
}

const cell = (number) => ({ cellId: `vscode-notebook-cell:/home/ada/report.ipynb#W${number}sZmlsZQ%3D%3D` });
function run(kernel, number, code) {
  const future = kernel.requestExecute({ code, silent: false, stop_on_error: false, allow_stdin: true, store_history: true }, false, cell(number));
  const seen = [];
  future.onIOPub = (message) => seen.push(message);
  return { future, seen, text: () => seen.filter((one) => KernelMessage.isStreamMsg(one)).map((one) => one.content.text).join('') };
}

// An address with a token, and one without: it is told what lacks.
say('probe', [await needsPassword() && !token, await isHub()]);
const refused = (fault) => `${fault.response.status} ${fault.message}`;
say('without a token', await KernelAPI.listRunning(settingsOf('')).then(() => 'let in', refused));

// The server is checked, and its kernels are listed.
const checked = opened();
const [isWell, names] = await check(checked);
say('check', isWell && names.includes('python3'));
close(checked);

// A notebook of the client's machine gets a session under a path that no file has.
const first = opened();
await check(first);
const path = `report-jvsc-${randomUUID()}${randomUUID()}.ipynb`;
const wanted = { path, kernel: { name: 'python3' }, name: `report-${randomUUID()}.ipynb`, type: 'notebook' };
const session = await first.sessions.startNew(wanted, { kernelConnectionOptions: { handleComms: true } });
const kernel = session.kernel;
await idle(kernel);
say('session', [session.path === path, session.type]);

// What it runs unseen before the first cell.
kernel.registerCommTarget('jupyter.widget', () => {});
const version = await silently(kernel, "try:\n    import ipywidgets as _VSCODE_ipywidgets\n    print('version ' + _VSCODE_ipywidgets.__version__)\nexcept:\n    pass");
await silently(kernel, "__vsc_ipynb_file__ = '/home/ada/report.ipynb'\n%config Completer.use_jedi = False");
const info = await kernel.requestKernelInfo();
await idle(kernel);
say('start', [version === '' || version.startsWith('version '), info.content.language_info.name]);

// Cells.
const hello = run(kernel, 1, "print('hello'); 6 * 7");
const reply = await hello.future.done;
say('cell', [reply.content.status, reply.content.execution_count, hello.text(), hello.seen.map((one) => one.header.msg_type)]);
say('error', (await run(kernel, 2, '1 / 0').future.done).content.ename);
const asking = run(kernel, 3, "print(input('name? '))");
asking.future.onStdin = (message) => kernel.sendInputReply({ status: 'ok', value: 'Ada' }, message.header);
await asking.future.done;
say('input', asking.text());
const shown = run(kernel, 4, "h = display('a', display_id=True)\nh.update('b')");
await shown.future.done;
say('display', shown.seen.map((one) => one.header.msg_type).filter((one) => one.includes('display')));
say('completion', (await kernel.requestComplete({ code: 'pri', cursor_pos: 3 })).content.matches.includes('print'));
say('documentation', (await kernel.requestInspect({ code: 'print', cursor_pos: 5, detail_level: 0 })).content.found);

// Interrupt; what waits behind it goes on.
const endless = run(kernel, 5, 'while True: pass');
const behind = run(kernel, 6, "print('behind')");
await new Promise((resolve) => { endless.future.onIOPub = (message) => message.header.msg_type === 'execute_input' && resolve(); });
await kernel.interrupt();
say('interrupt', (await endless.future.done).content.ename);
await behind.future.done;
say('behind', behind.text());

// The window is loaded again while a cell runs; the next one finds the kernel in the list, and takes up the cell by the id of its message.
const busy = run(kernel, 7, `import os, time
print('before', flush=True)
while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)
for i in range(60): print(i, flush=True)`);
await new Promise((resolve) => { busy.future.onIOPub = (message) => KernelMessage.isStreamMsg(message) && resolve(); });
const msgId = busy.future.msg.header.msg_id;
close(first);
const second = opened();
await check(second);
await second.sessions.refreshRunning();
const model = [...second.sessions.running()].find((one) => one.kernel.id === kernel.id);
say('found', [model.path === path, model.kernel.execution_state]);
const again = second.sessions.connectTo({ model: { ...model, kernel: model.kernel } });
const hasStatus = new Promise((resolve) => { again.kernel.statusChanged.connect((_, status) => status === 'busy' && resolve()); });
await connected(again.kernel);
await hasStatus;
say('busy', (await again.kernel.info).language_info.name);
const rest = [];
const ended = new Promise((resolve) => {
  again.kernel.anyMessage.connect((_, { msg, direction }) => {
    if (direction === 'send' || msg.parent_header.msg_id !== msgId) return;
    if (msg.header.msg_type === 'stream') rest.push(msg.content.text);
    if (msg.header.msg_type === 'status' && msg.content.execution_state === 'idle') resolve();
  });
});
writeFileSync(gate, '');
await ended;
say('resumed', rest.join('').split('\n').length - 1);

// Restart, and the end.
await again.kernel.restart();
say('restart', (await run(again.kernel, 8, 'h').future.done).content.ename);
const id = again.kernel.id;
await again.shutdown();
say('end', (await KernelAPI.listRunning(second.serverSettings)).every((one) => one.id !== id));
process.exit(0);
