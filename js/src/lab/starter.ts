/** What a new flow notebook contains: enough to run, small enough to read. */

const PARAMETERS = `# Parameters of the flow: a run may give other values
greeting: str = "Hello"`;

const LOAD = `%load_ext flowbook`;

const FIRST = `%%flow names
names = ["Ada", "Grace", "Katherine"]`;

const SECOND = `%%flow greet
[f"{greeting}, {name}!" for name in names]`;

function cell(id: string, source: string, tags: readonly string[] = []): object {
  return {
    cell_type: "code",
    id,
    metadata: tags.length > 0 ? { tags } : {},
    execution_count: null,
    outputs: [],
    source,
  };
}

export function starterNotebook(title: string, note: string): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    // Without it JupyterLab asks which kernel to start before anybody has seen a cell.
    metadata: {
      kernelspec: {
        name: "python3",
        display_name: "Python 3 (ipykernel)",
        language: "python",
      },
    },
    cells: [
      { cell_type: "markdown", id: "title", metadata: {}, source: `# ${title}\n\n${note}` },
      cell("parameters", PARAMETERS, ["parameters"]),
      cell("load", LOAD),
      cell("names", FIRST),
      cell("greet", SECOND),
    ],
  };
}
