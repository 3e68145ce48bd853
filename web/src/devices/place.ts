// Where in the list somebody was, so that coming back from a device leads to
// the same spot. Kept as long as the page is open.
interface Place {
  top: number;
  marked: number;
}

const places = new Map<string, Place>();

export function place(view: string): Place {
  let p = places.get(view);
  if (!p) {
    p = { top: 0, marked: -1 };
    places.set(view, p);
  }
  return p;
}
