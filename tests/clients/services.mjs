// @jupyterlab/services against a server: one JSON line for each step that worked. Arguments: the origin, the token, what to do.
import { KernelManager, KernelMessage, ServerConnection, SessionManager } from '@jupyterlab/services';
import WebSocket from 'ws';

const [origin, token, what] = process.argv.slice(2);
const serverSettings = ServerConnection.makeSettings({
  baseUrl: `${origin}/`, wsUrl: `${origin.replace('http', 'ws')}/`, token, appendToken: true, WebSocket, fetch, Request, Headers,
});
const say = (step, value = true) => process.stdout.write(`${JSON.stringify({ step, value })}\n`);
const kernelManager = new KernelManager({ serverSettings });
const sessionManager = new SessionManager({ serverSettings, kernelManager });
await sessionManager.ready;

const seen = new Set();
const textOf = (future, texts) => {
  future.onIOPub = (message) => {
    if (seen.has(message.header.msg_id)) return;
    seen.add(message.header.msg_id);
    if (KernelMessage.isStreamMsg(message)) texts.push(message.content.text);
    if (what === 'crash' && KernelMessage.isStreamMsg(message)) say('printed', message.content.text);
  };
};

const steps = {
  async all() {
    const session = await sessionManager.startNew({ path: 'console-x', name: 'x', type: 'console', kernel: { name: 'python3' } });
    const kernel = session.kernel;
    say('info', (await kernel.info).implementation);
    const texts = [];
    const first = kernel.requestExecute({ code: "print('hi'); 6 * 7", user_expressions: { a: '1 + 1' } });
    textOf(first, texts);
    const reply = await first.done;
    say('execute', [texts.join(''), reply.content.status, reply.content.user_expressions.a.data['text/plain']]);
    say('complete', (await kernel.requestComplete({ code: 'import o', cursor_pos: 8 })).content.status);
    say('inspect', (await kernel.requestInspect({ code: 'print', cursor_pos: 3, detail_level: 0 })).content.found);
    say('is_complete', (await kernel.requestIsComplete({ code: 'for x in y:' })).content.status);
    say('history', (await kernel.requestHistory({ output: false, raw: true, hist_access_type: 'tail', n: 1 })).content.status);
    const asking = kernel.requestExecute({ code: "name = input('who? '); print(name)", allow_stdin: true });
    const answers = [];
    textOf(asking, answers);
    asking.onStdin = (message) => kernel.sendInputReply({ status: 'ok', value: 'Ada' }, message.header);
    await asking.done;
    say('input', answers.join(''));
    const target = 'def opened(comm, message):\n    comm.on_msg(lambda m: comm.send(m["content"]["data"], buffers=m["buffers"]))\n'
      + "get_ipython().kernel.comm_manager.register_target('echo', opened)";
    await kernel.requestExecute({ code: target }).done;
    const comm = kernel.createComm('echo');
    const echoed = new Promise((resolve) => { comm.onMsg = resolve; });
    await comm.open({}).done;
    const sent = comm.send({ a: 1 }, {}, [new Uint8Array([1, 2, 3]).buffer]);
    const back = await echoed;
    await sent.done;
    const bytes = new Uint8Array(back.buffers[0].buffer ?? back.buffers[0], back.buffers[0].byteOffset ?? 0, 3);
    say('comm', [back.content.data, Array.from(bytes)]);
    const endless = kernel.requestExecute({ code: 'while True: pass' });
    await new Promise((resolve) => { endless.onIOPub = (message) => message.header.msg_type === 'execute_input' && resolve(); });
    await kernel.interrupt();
    say('interrupt', (await endless.done).content.ename);
    await kernel.restart();
    const after = await kernel.requestExecute({ code: 'name' }).done;
    say('restart', after.content.ename);
    await kernel.reconnect();
    say('reconnect', (await kernel.requestExecute({ code: '1' }).done).content.status);
    await session.shutdown();
    say('shutdown');
  },
  async crash() {
    const kernel = await kernelManager.startNew({ name: 'python3' });
    await kernel.info;
    const future = kernel.requestExecute({ code: 'import time\nfor i in range(60):\n    print(i, flush=True)\n    time.sleep(0.1)' });
    const texts = [];
    textOf(future, texts);
    const reply = await future.done;
    say('done', [reply.content.status, texts.join('')]);
  },
};
await steps[what]();
process.exit(0);
