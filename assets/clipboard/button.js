// A button that copies a text. Given: label, done (what it says afterwards), name (for screen readers), text.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  const say = (words) => {
    button.querySelector("span").textContent = words
  }
  say(data.label)
  button.setAttribute("aria-label", data.name)
  button.disabled = !data.text.trim()
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text)
    } catch {
      // Without https, and not on this machine itself, browsers offer only the old way.
      const area = document.createElement("textarea")
      area.value = data.text
      document.body.append(area)
      area.select()
      document.execCommand("copy")
      area.remove()
      button.focus()
    }
    say(data.done)
    button.setAttribute("aria-label", data.done)
    clearTimeout(button.timer)
    button.timer = setTimeout(() => {
      say(data.label)
      button.setAttribute("aria-label", data.name)
    }, 2000)
  }
}
