/**
 * The guest of a sealed frame: shows one output and tells its height. It runs in an opaque origin without network; nothing it does reaches the
 * page but the messages that render/frame.ts names. Built into frame.html as an inline script, because an opaque origin may load nothing
 * that is the page's own.
 */
interface Show {
  webipy: "show";
  type: string;
  body: string;
  dark: boolean;
}
type Message = Show | { webipy: "theme"; dark: boolean };

const root = document.getElementById("output");
let told = -1;

// Peer connections are the one way out that the frame's policy does not close: guest code does not get them.
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel"]) Reflect.deleteProperty(window, name);

function tell(): void {
  const height = document.documentElement.getBoundingClientRect().height;
  if (Math.abs(height - told) < 1) return;
  told = height;
  parent.postMessage({ webipy: "size", height }, "*");
}

function theme(dark: boolean): void {
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function complain(reason: string): void {
  const line = document.createElement("pre");
  line.className = "error";
  line.textContent = reason;
  root?.append(line);
}

/** A fragment made from a range runs its scripts when it is inserted, in their order. */
function showHtml(html: string): void {
  const range = document.createRange();
  range.selectNodeContents(root ?? document.body);
  root?.append(range.createContextualFragment(html));
}

function showScript(code: string): void {
  const run = new Function("element", `${code}\n//# sourceURL=output.js`);
  run(root);
}

function show(message: Show): void {
  theme(message.dark);
  try {
    if (message.type === "text/html") showHtml(message.body);
    else showScript(message.body);
  } catch (error) {
    complain(String(error));
  }
  tell();
}

addEventListener(
  "error",
  event => {
    if (event.target instanceof HTMLScriptElement) complain(`A script from ${event.target.src} was not loaded: output has no network.`);
    else complain(event.message);
  },
  true,
);
addEventListener("unhandledrejection", event => complain(String(event.reason)));
addEventListener("message", (event: MessageEvent<Message>) => {
  if (event.source !== parent) return;
  if (event.data.webipy === "show") show(event.data);
  else if (event.data.webipy === "theme") theme(event.data.dark);
});
new ResizeObserver(tell).observe(document.documentElement);
parent.postMessage({ webipy: "ready" }, "*");
