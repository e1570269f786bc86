import { createSentences } from "../core/sentence.ts";

/** What the administration refuses, and why. */
export const TENANT_SENTENCES = {
  noTenant: "There is no such tenant.",
  noUser: "There is no such user.",
  noExtension: "There is no such extension.",
  noSession: "There is no such session.",
  noKey: "There is no such key, or it is revoked already.",
  noPbx: "There is no such PBX.",

  tenantTaken: "The number {number} is taken.",
  tenantKept: "The default tenant and one's own cannot be disabled.",
  usernameTaken: "The username {username} is taken.",
  operatorsOnly: "Only operators may change operators.",
  adminsOnly: "An API key without every scope may not change administrators.",
  lastAdmin: "This is the last active administrator of the tenant.",
  lastOperator: "This is the last active operator of the installation.",
  wrongPassword: "is not the present password",
  samePassword: "is the present password",
  passwordShort: "must have at least {min} characters",
  passwordLong: "must have at most {max} characters",
  passwordName: "must not be or contain the username",
  passwordPlain: "must have at least 4 different characters",
  loginWrong: "The username or the password is wrong.",
  guessesMany: "Too many wrong passwords; try again in {seconds} s.",
  sessionOver: "The session has ended; log in again.",
  sessionsOfOthers: "Only administrators may look at the sessions of others.",

  extensionsMax: "A tenant has at most {max} extensions.",
  peerTaken: "one of them belongs to extension {number}",
  unknownUser: "is not a user of this tenant",
  grantTooMuch: "You may not grant {scopes}.",

  pbxsMax: "A tenant has at most {max} PBXs.",
  pbxNameTaken: 'There is a PBX named "{name}" already.',
  pbxClash: "another PBX has it: their calls could not be told apart",
  pbxHalf: "is missing: AMI needs host, username and secret; a PBX without AMI has none of them",
  pbxWithoutAmi: "This PBX has no AMI: it only posts events.",
  pbxSecretBroken: "The stored secret cannot be used: {error}. Give it anew.",
  pbxHasTrunks: "Trunks still dial over this PBX: remove them first.",
  tokenUnusable: "This token cannot be used; choose another one.",
  operatorFolder: "Only operators of this installation may name a folder of this machine.",
  operatorRecordings: "Only operators of this installation may name a folder for recordings.",
  operatorFile: "Only operators may name a file of this machine.",
  cdrPassword: "is needed: none is known for this server and account",
} as const;

export const say = createSentences("tenant", TENANT_SENTENCES);
