// Makes elements. Text always goes in as text, never as markup, so what people write cannot become code.

export const byId = (id) => document.getElementById(id);

export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The round initial of a person in their colour. */
export function face({ name, colour }) {
  const made = element('i', { className: 'face', ariaHidden: 'true' }, name.slice(0, 1));
  made.style.backgroundColor = colour;
  return made;
}
