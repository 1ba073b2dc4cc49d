// The last part of the explorer's module: what a page or a notebook calls.

function render({ model, el }) {
  const explorer = new (model.get("_spec").classes ? Conditional : Explorer)(model, el);
  return () => explorer.remove();
}

export default { render, pageModel };
