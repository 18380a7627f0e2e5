// What pages share about the keyboard: letters act only while nobody types, and never twice.
export function letters(e: KeyboardEvent): boolean {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return false;
  const on = e.target as HTMLElement;
  return !/^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName) || (on as HTMLInputElement).type === 'checkbox';
}

// Is a menu, a palette or another dialog open? Then the page below keeps still.
export function covered(): boolean {
  return document.querySelector('[role=dialog], [role=menu]') !== null;
}

// Keeps the row under the cursor in sight.
export function follow(selector: string) {
  requestAnimationFrame(() => document.querySelector(selector)?.scrollIntoView({ block: 'nearest' }));
}
