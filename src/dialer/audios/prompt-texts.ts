import type { Project, PromptName } from "../project.ts";

export type Language = Project["language"];
export const LANGUAGES = ["es", "en", "ru"] as const satisfies readonly Language[];

/** What the built-in prompts say. After a change: `node test/peers/make-prompts.ts` speaks them anew into `prompts/`. */
export const PROMPT_TEXTS: Record<Language, Record<PromptName, string>> = {
  es: {
    invalid_key: "Opción no válida.",
    one_moment: "Un momento, por favor.",
    transfer_failed: "Ahora no podemos atenderle. Le llamaremos más tarde.",
    opted_out: "No volveremos a llamarle. Disculpe.",
    notice: "Esta llamada puede ser grabada.",
    safe_harbour: "Lo sentimos, no hay agentes libres en este momento. No tiene que hacer nada.",
  },
  en: {
    invalid_key: "That is not a valid option.",
    one_moment: "One moment, please.",
    transfer_failed: "We cannot connect you now. We will call you later.",
    opted_out: "We will not call you again. We apologise.",
    notice: "This call may be recorded.",
    safe_harbour: "We are sorry, no agent is free at the moment. You need not do anything.",
  },
  ru: {
    invalid_key: "Такого варианта нет.",
    one_moment: "Одну минуту, пожалуйста.",
    transfer_failed: "Сейчас мы не можем вас соединить. Мы перезвоним позже.",
    opted_out: "Мы больше не будем вам звонить. Извините.",
    notice: "Разговор может быть записан.",
    safe_harbour: "Извините, сейчас нет свободных операторов. Ничего делать не нужно.",
  },
};
