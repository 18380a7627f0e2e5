// The one menu of the page: on a value, a row or a button. Choices may lead to further choices.
export interface Choice {
  label: string;
  hint?: string;
  run?: () => void;
  more?: () => Choice[];
}

export const menu = $state<{ now: { title: string; choices: Choice[]; x: number; y: number } | null }>({ now: null });

let before: HTMLElement | null = null;

export function openMenu(title: string, choices: Choice[], at: { x: number; y: number }) {
  if (!menu.now) before = document.activeElement as HTMLElement | null;
  menu.now = { title, choices, ...at };
}

export function closeMenu() {
  menu.now = null;
  before?.focus({ preventScroll: true });
  before = null;
}

// Where a menu of a row opens when it was asked for by the keyboard.
export function beside(selector: string): { x: number; y: number } {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return box ? { x: Math.min(box.left + 220, innerWidth - 300), y: Math.min(box.bottom, innerHeight - 80) } : { x: 240, y: 120 };
}
