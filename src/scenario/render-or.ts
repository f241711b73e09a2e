import { TemplateError } from './template/template-error.ts';

/** A hint whose template lacks a value must not hide the failure that it would explain. */
export function renderOr<T>(render: () => T, fallback: T): T {
  try {
    return render();
  } catch (error) {
    if (error instanceof TemplateError) return fallback;
    throw error;
  }
}
