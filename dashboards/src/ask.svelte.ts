// A short question to the reader, by the keyboard: a text, or one of a list.
export interface Question {
  title: string;
  hint?: string;
  long?: boolean;
  secret?: boolean; // a password
  value?: string;
  choices?: { value: string; label: string }[];
  optional?: boolean; // an empty answer will do
}

export const asking = $state<{ now: (Question & { done: (answer: string | null) => void }) | null }>({ now: null });

// The answer; null when the reader turned away.
export function ask(question: Question): Promise<string | null> {
  return new Promise((resolve) => {
    const before = document.activeElement as HTMLElement | null;
    asking.now = {
      ...question,
      done: (answer) => {
        asking.now = null;
        before?.focus({ preventScroll: true });
        resolve(answer);
      },
    };
  });
}
