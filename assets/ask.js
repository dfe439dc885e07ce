// Asks one of Dash's callbacks at once. Dash itself sends a question only after it has gone through its queue in several
// turns, between which the browser paints: some 30 ms after a zoom, and as long as the server needs for a short window.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const UPDATE = "_dash-update-component";

  // output: {id, property}; inputs: those of the callback in order, with their values. Says the new value; undefined
  // when there is none, or when the server did not answer as it should.
  cw.askCallback = async (output, inputs) => {
    const changedPropIds = inputs.slice(0, 1).map((one) => `${one.id}.${one.property}`);
    const body = JSON.stringify({ output: `${output.id}.${output.property}`, outputs: output, inputs, changedPropIds });
    try {
      const answer = await fetch(`/${UPDATE}`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (answer.status !== 200) return undefined;
      const told = (await answer.json()).response;
      return told && told[output.id] && told[output.id][output.property];
    } catch {
      return undefined; // Dash will ask, and say what it says of a server that is away
    }
  };
})();
