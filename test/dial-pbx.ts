// An Asterisk that the dialer dials over, as far as AMI tells of it: each test says what becomes of which number.
import { type FakeAction, type FakeAmi, type FakeFields, startFakeAmi } from "../src/telephony/ami/fake-ami.ts";

/** What becomes of a call; `ring`: it rings until somebody says otherwise. */
export type Fate =
  | { does: "answer"; talkMs: number }
  | { does: "fail"; cause: number; reason?: number }
  | { does: "refuse" }
  | { does: "ring" };

export interface PlacedCall {
  id: string;
  number: string;
  trunk: string;
  callerId: string | undefined;
  /** `performance.now()` when the action arrived. */
  atMs: number;
  answer(): void;
  hangUp(cause?: number): void;
}

export interface DialPbx {
  ami: FakeAmi;
  /** Every Originate, in order. */
  calls: PlacedCall[];
  /** By the number's digits. */
  fateOf: (number: string) => Fate;
  alive(): number;
  /** Channels vanish without a word, as when Asterisk is killed. */
  crash(): void;
}

export async function startDialPbx(): Promise<DialPbx> {
  const ami = await startFakeAmi();
  const pbx: DialPbx = {
    ami,
    calls: [],
    fateOf: () => ({ does: "answer", talkMs: 20 }),
    alive: () => ami.channels.length,
    crash: () => {
      ami.channels = [];
      ami.cut();
    },
  };
  ami.onAction = (action) => {
    if (action.get("Action") !== "Originate") return false;
    originate(pbx, action);
    return true;
  };
  return pbx;
}

function originate(pbx: DialPbx, action: FakeAction): void {
  const { ami } = pbx;
  const id = action.get("ChannelId") ?? "";
  const [, number = "", trunk = ""] = /^PJSIP\/([^@]+)@(.+)$/.exec(action.get("Channel") ?? "") ?? [];
  const channel = { Channel: `PJSIP/${trunk}-${id.slice(-8)}`, Uniqueid: id, Linkedid: id };
  const row: Record<string, string> = { ...channel, ChannelState: "0", CallerIDNum: number, Exten: number };
  const find = (): FakeFields | undefined => ami.channels.find((each) => each.Uniqueid === id);
  const respond = (Response: string, Reason: number): void =>
    ami.event({
      Event: "OriginateResponse",
      ActionID: action.get("ActionID") ?? "",
      Response,
      Reason: String(Reason),
      Uniqueid: id,
    });
  const call: PlacedCall = {
    ...{ id, number, trunk, callerId: action.get("CallerID"), atMs: performance.now() },
    answer: () => {
      if (!find()) return;
      row.ChannelState = "6";
      ami.event({ Event: "Newstate", ...channel, ChannelState: "6", ChannelStateDesc: "Up" });
      respond("Success", 4);
    },
    hangUp: (cause = 16) => {
      if (!find()) return;
      ami.channels = ami.channels.filter((each) => each !== row);
      if (row.ChannelState !== "6") respond("Failure", 0);
      ami.event({
        Event: "Hangup",
        ...channel,
        ChannelState: row.ChannelState ?? "0",
        Cause: String(cause),
        "Cause-txt": "",
      });
    },
  };
  pbx.calls.push(call);
  const fate = pbx.fateOf(number);
  if (fate.does === "refuse") {
    action.answer({ Response: "Error", Message: "Extension does not exist." });
    return;
  }
  ami.channels = [...ami.channels, row];
  action.answer({ Response: "Success", Message: "Originate successfully queued" });
  ami.event({ Event: "Newchannel", ...row, ChannelStateDesc: "Down" });
  if (fate.does === "fail") setTimeout(() => call.hangUp(fate.cause), 5);
  if (fate.does === "answer") {
    setTimeout(() => {
      call.answer();
      setTimeout(() => call.hangUp(), fate.talkMs);
    }, 5);
  }
}
