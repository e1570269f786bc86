import { AppError } from "../core/errors.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { AmiUnansweredError, isSuccess } from "./ami/session.ts";
import { say } from "./words.ts";

/** Asterisk's own no: `Permission denied`, `No such channel` … */
export class PbxRefusal extends AppError {
  readonly says: string;

  constructor(says: string) {
    super("conflict", say("pbxSays", { said: says }));
    this.name = "PbxRefusal";
    this.says = says;
  }

  /** The AMI user lacks the right. */
  get isForbidden(): boolean {
    return /permission denied|forbidden/i.test(this.says);
  }
}

/** Throws `PbxRefusal`, or `AppError("unavailable")` when the PBX is away or does not answer. */
export type AskPbx = (
  name: string,
  fields: Readonly<Record<string, string | number | undefined>>,
) => Promise<AmiMessage>;

export function createAskPbx(send: (action: AmiAction) => Promise<AmiMessage>): AskPbx {
  return async (name, fields) => {
    const response = await send({ name, fields }).catch((error: unknown) => {
      if (!(error instanceof AmiUnansweredError)) throw error;
      throw new AppError("unavailable", error.sentence, { retryAfterSeconds: 5, cause: error });
    });
    if (!isSuccess(response)) throw new PbxRefusal(response.get("Message") ?? "no");
    return response;
  };
}
