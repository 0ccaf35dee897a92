// What the page asks its server.

const token = document.querySelector('meta[name="dispcheck-token"]').content;

async function answerOf(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    throw new Error(`the server answered ${response.status} and nothing that can be read`);
  }
  if (!response.ok) throw new Error(body?.error ?? `the server answered ${response.status}`);
  return body;
}

/** read asks for something. */
export async function read(what, query = {}) {
  const q = new URLSearchParams(query).toString();
  return answerOf(await reached(fetch(`api/${what}${q && "?" + q}`, { cache: "no-store" })));
}

/** change has the server do something. */
export async function change(what, form) {
  return answerOf(await reached(fetch(`api/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Dispcheck-Token": token },
    body: JSON.stringify(form),
  })));
}

async function reached(asked) {
  try {
    return await asked;
  } catch {
    throw new Error("the server cannot be reached: was it stopped?");
  }
}

let instance = ""; // of the server that the page heard of first

/** listen opens the stream of events. The handlers are named as the events; "live" is told whether the stream is open. */
export function listen(handlers) {
  const stream = new EventSource("api/events");
  stream.onopen = () => handlers.live(true);
  stream.onerror = () => {
    handlers.live(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => listen(handlers), 3000);
  };
  for (const name of ["hello", "exchanges", "state", "flush"]) {
    stream.addEventListener(name, (e) => {
      const data = JSON.parse(e.data);
      if (name === "hello") {
        if (instance && instance !== data.instance) {
          location.reload(); // another server: its token is another, and it counts anew
          return;
        }
        instance = data.instance;
      }
      handlers[name](data);
    });
  }
}
