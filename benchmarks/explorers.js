// Evaluated in JupyterLab's page: tells when the decoded picture has other pixels, frame by frame.
(() => {
  const small = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
  const source = () => document.querySelector(".vx-picture") ?? document.querySelector(".jp-OutputArea-output img, .jupyter-widgets img, img.widget-image");
  const hash = () => {
    const from = source();
    if (!from || (from.tagName === "IMG" && !(from.complete && from.naturalWidth))) return null;
    small.drawImage(from, 0, 0, 28, 28);
    return small.getImageData(0, 0, 28, 28).data.reduce((sum, x, i) => (Math.imul(sum, 31) + x) | 0, 7);
  };
  let began = null;
  addEventListener("pointermove", (event) => (began ??= event.timeStamp), true);
  window.probe = {
    arm() {
      began = null;
      const before = hash(), end = performance.now() + 1000;
      this.taken = new Promise((resolve) => {
        const look = () => {
          const now = hash();
          if (now !== null && now !== before && began !== null) resolve(performance.now() - began);
          else if (performance.now() > end) resolve(null);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      });
    },
    changed() {
      return this.taken;
    },
    count() {
      let last = hash();
      this.seen = 0;
      this.counting = true;
      const look = () => {
        if (!this.counting) return;
        const now = hash();
        if (now !== null && now !== last) {
          this.seen++;
          last = now;
        }
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    },
    counted() {
      this.counting = false;
      return this.seen;
    },
  };
})();
