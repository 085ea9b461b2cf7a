// A slider over sizes of a discount. What each size would do came with it, so that the number moves with the handle;
// the size itself is told to the app when the handle is let go.
//
// Given: label, measure (what the number is), index (where the handle stands), moves (how many were taken into account
// in it), points ([{size, verdict, number, range, loss}]), verdicts (words by verdict).
const cell = (verdict, tag) => {
  const made = document.createElement(tag)
  made.className = verdict
  return made
}

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  const input = find("input")
  const show = () => {
    const point = data.points[input.value]
    for (const name of ["size", "number", "range", "loss"]) {
      find(`.${name}`).textContent = point[name]
    }
    const words = [point.size, `${data.measure}: ${point.number}`, point.range, point.loss]
    input.setAttribute("aria-valuetext", words.filter(Boolean).join(", "))
  }
  find("label").textContent = data.label
  find(".measure").textContent = data.measure
  find(".strip").replaceChildren(...data.points.map((point) => cell(point.verdict, "span")))
  const met = Object.keys(data.verdicts).filter((one) => data.points.some((point) => point.verdict === one))
  find(".key").replaceChildren(
    ...met.map((one) => {
      const item = document.createElement("span")
      item.append(cell(one, "i"), data.verdicts[one])
      return item
    })
  )
  input.max = data.points.length - 1
  // A handle that was moved since is not put back by what the app drew before it knew.
  if (data.moves >= (input.moves ?? 0)) {
    input.moves = data.moves
    input.value = data.index
  }
  input.oninput = show
  input.onchange = () => {
    input.moves += 1
    setStateValue("moved", { index: Number(input.value), moves: input.moves })
  }
  show()
}
