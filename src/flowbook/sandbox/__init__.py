"""JavaScript of users, where it can reach nothing: QuickJS in WebAssembly, in its own process.

Two rings. The guest is QuickJS under wasmtime with no import that does anything, a limit on its
memory and its steps, and a fresh isolate for each evaluation. The host of the guest is a worker
process with an empty environment, which is killed when an evaluation does not end in time. What
crosses between the rings is JSON of a bounded size.

`javascript.evaluate` is the door. Where wasmtime or the engine is missing it refuses: nothing here
falls back to a weaker place. [Why so](docs/adr/0010-javascript-in-quickjs.md).

Refuses to know flows, nodes or runs. Only `quickjs` imports wasmtime, and only in the worker.
"""
