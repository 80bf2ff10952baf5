/** Files that are made in the page, and pictures as pixels. */

/** Let the browser save it under that name. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The SVG drawn `scale` times as large, as PNG; rejects where the browser cannot draw it. */
export async function asPng(svg: string, scale: number): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    const paper = canvas.getContext("2d");
    if (paper === null) throw new Error("this browser does not draw pictures");
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("too large a picture")))),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Print it on a page of its own, in a frame that nobody sees. */
export function print(svg: string): void {
  const frame = document.createElement("iframe");
  frame.style.display = "none";
  frame.srcdoc = `<!doctype html><style>@page{size:landscape}body{margin:0}svg{width:100%;height:auto}</style>${svg}`;
  frame.onload = () => {
    frame.contentWindow?.addEventListener("afterprint", () => frame.remove());
    frame.contentWindow?.print();
  };
  document.body.append(frame);
}
