// Runs in every page before its own scripts: frame times, long tasks, what arrived, what is kept.
(() => {
  const canvases = [];
  const remember = (canvas) => canvases.push(new WeakRef(canvas));
  const createElement = Document.prototype.createElement;
  Document.prototype.createElement = function (name, ...rest) {
    const made = createElement.call(this, name, ...rest);
    if (String(name).toLowerCase() === "canvas") remember(made);
    return made;
  };
  if (window.OffscreenCanvas) {
    window.OffscreenCanvas = class extends OffscreenCanvas {
      constructor(width, height) {
        super(width, height);
        remember(this);
      }
    };
  }

  const heard = { messages: 0, bytes: 0 };
  window.WebSocket = class extends WebSocket {
    constructor(...rest) {
      super(...rest);
      this.addEventListener("message", (event) => {
        heard.messages += 1;
        heard.bytes += event.data.byteLength ?? event.data.length;
      });
    }
  };

  const tasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) tasks.push({ startTime, duration });
  }).observe({ type: "longtask", buffered: true });

  const shown = {};
  let times = null;
  const frame = (now) => {
    times?.push(now);
    for (const { name, startTime } of performance.getEntriesByType("mark")) {
      // A frame that begins after the mark: what was marked has been handed to the screen.
      if (!(name in shown) && startTime < now) shown[name] = now;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  window.pageProbe = {
    shown,
    begin() {
      times = [];
      tasks.length = 0;
      heard.messages = heard.bytes = 0;
    },
    end() {
      const found = { times, tasks: tasks.map((task) => task.duration), ...heard };
      times = null;
      return found;
    },
    loaded() {
      const [page] = performance.getEntriesByType("navigation");
      return { html: page.responseStart, shown, tasks: tasks.map((task) => task.duration) };
    },
    bitmapBytes() {
      let bytes = 0;
      for (const canvas of canvases.map((kept) => kept.deref())) {
        if (canvas) bytes += canvas.width * canvas.height * 4;
      }
      return bytes;
    },
  };
})();
