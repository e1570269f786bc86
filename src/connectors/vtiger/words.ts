import { createSentences } from "../../core/sentence.ts";

/** All that this connector says to people. `said` and `code` are Vtiger's own words, `why` is another of these sentences. */
export const VTIGER_SENTENCES = {
  // Answers
  operation: "{operation}: {why}",
  session: "Vtiger does not know the session any more ({code}: {said})",
  credentials: "Vtiger does not accept the user or the access key ({code}: {said})",
  denied: "Vtiger denies access ({code}: {said})",
  owner: "Vtiger does not accept the owner ({code}: {said})",
  reference: "Vtiger does not accept a link ({code}: {said})",
  duplicate: "Vtiger has such a record already ({code}: {said})",
  data: "Vtiger does not accept the record ({code}: {said})",
  setup: "Vtiger does not know what is asked of it ({code}: {said})",
  unclear: "Vtiger failed ({code}: {said})",
  empty: "HTTP {status} with an empty answer",
  unreadable: "HTTP {status} without JSON",
  redirected: "{why}: redirected; give the address it leads to",
  noService: "{why}: there is no webservice.php at this address",
  frontRefuses: "{why}: the web server in front of Vtiger refuses us",
  brokeDown: "Vtiger broke down over this record (it printed a stack trace)",
  unknownForm: "the answer to {operation} has an unknown form",
  forgetsSessions: "Vtiger forgets sessions as soon as they are made ({why})",
  interrupted: "interrupted",
  lacksRight: "the API user lacks a right: {why}",
  // Where calls are kept
  moduleClosed: "the module {module} does not exist or is closed to the API user",
  noKeyField: '{module} has no field "{field}" to keep the call\'s id in',
  // Records
  severalRecords: "the CRM has {count} records of this call: also {ids}",
  unseenDouble: "Vtiger has a record with this call id that the API user cannot see; let it see all records ({why})",
  hidden: "record {id} is hidden from the API user, or it may not edit it: let it see and edit all records",
  madeAgain: "record {id} was deleted in the CRM and made again",
  withoutLinks: "without its links: {why}",
  withoutOwner: "not given to its owner: {why} (Vtiger 7.5 to 8.2 lets only administrators assign records to others)",
  narrowKey: 'the field {field} is too narrow for call ids (kept "{kept}"): calls may be doubled',
  narrowRecording: "the field {field} is too narrow for the recording's address",
  unseenOwner: "the API user cannot see records of owner {owner}: calls may be doubled; let it see all records",
  unlinkable: "contact {contact} cannot be linked",
  notLookedAt: "written, but not looked at afterwards: {why}",
  reviews: "{sentences}",
  // Whom a call is linked to and who owns it
  withheld: "the number was withheld",
  tooMany: "too many records of {module} resemble this number",
  ambiguous: "{count} records of {module} have this number ({ids})",
  nobody: "nobody in the CRM has this number",
  noFallback: 'the fallback owner "{owner}" does not exist in the CRM',
  // The check, with how to mend what it finds
  loggedIn: "logged in as {user} to Vtiger {version}",
  loggedInUnknown: "logged in as {user} to Vtiger an unknown version",
  notAdmin: "the API user is no administrator, and calls are private to their owners by default",
  maybeNotAdmin:
    "Vtiger does not tell whether the API user is an administrator, and calls are private to their owners by default",
  adminMend:
    "Give it a role above all agents, or a profile with View All and Edit All; otherwise it loses sight of the calls it assigns.",
  assignBug: "Vtiger {version} does not let users who are not administrators assign records to others",
  assignBugMend:
    "Make the API user an administrator or update Vtiger to 8.3 or later; until then all calls belong to the API user.",
  noModule: "the module {module} does not exist or the API user's profile does not include it",
  noModuleMend: "Enable PBX Manager in Vtiger's module settings and in the profile.",
  otherModuleMend: "Choose one of: {modules}; or add it to the profile.",
  fieldMissing: '{module} has no field with the name or label "{wanted}", where {field} should go',
  fieldAmbiguous: '{module} has more than one field with the label "{wanted}", where {field} should go',
  fieldMend:
    "Create the field in Module Layouts and show it in the API user's profile, or name another in the field map ({field}).",
  writes: "writes {fields}",
  demands: '{module} demands a value for "{label}" ({field}), which a call does not have',
  demandsMend: 'Make "{label}" optional in Module Layouts, or point a field of the field map at it.',
  findable: "calls can be found by {field}",
  readMend: "Let the API user's profile view {module} and its field {field}.",
  mayNotCreate: "the API user may not create records of {module}",
  mayNotEdit: "the API user may not edit records of {module}",
  writeMend: "Let the API user's profile create and edit {module}.",
  writable: "records of {module} can be created and edited",
  lookup: "callers can be looked for in {module}",
  lookupClosed: "the API user cannot read {module}, so nobody there will be found",
  lookupMend: "Let its profile view {module}, or leave {module} out of the lookup modules.",
  usersHidden: "the API user may not see other users, so their CRM Phone Extension cannot be used",
  usersMend: "Make it an administrator or raise its role, or list every extension under Owners by extension.",
  noOwner: 'there is no active user or group "{owner}"',
  ownerMend: "Give its exact user name, group name or id.",
  ownerFound: '"{owner}" is {id}',
  credentialsMend:
    "Check user and access key (My Preferences of that user), that the user is active, and that nothing else logs in as it.",
  setupMend: "Check the address: it should open Vtiger's log-in page in a browser when /webservice.php is left out.",
  busyMend: "Check the address, that the CRM runs, and that this machine reaches it: name, port, certificate.",
  unclearMend:
    "Open Vtiger in a browser; if it works there, its web server's log says what is wrong with webservice.php.",
  deniedMend: "Check the profile of the API user.",
} as const;

export const say = createSentences("vtiger", VTIGER_SENTENCES);
