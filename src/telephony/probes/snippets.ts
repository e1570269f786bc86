import type { Sentence } from "../../core/sentence.ts";
import { mend } from "./mend-words.ts";

/**
 * What an administrator copies onto the PBX. Each is whole, names its file and the command that loads it, and matches
 * deploy/asterisk, where the same is explained at length.
 */

/** On FreePBX and Issabel the usual files are written by the web interface; these are left alone by it. */
const toFileName = (file: string, isGenerated: boolean): string =>
  isGenerated ? `/etc/asterisk/${file.replace(/\.conf$/, "_custom.conf")}` : `/etc/asterisk/${file}`;

export const toCommand = (command: string): string => `\`asterisk -rx "${command}"\``;

export function toManagerSnippet(username: string, isGenerated: boolean): Sentence {
  return mend("managerConf", {
    file: toFileName("manager.conf", isGenerated),
    command: toCommand("manager reload"),
    lines: `[${username}]
read = system,call,agent,user,cdr
write = call,originate,reporting,agent,user`,
  });
}

export function toContextSnippet(context: string, isGenerated: boolean): Sentence {
  return mend("dialplan", {
    file: toFileName("extensions.conf", isGenerated),
    command: toCommand("dialplan reload"),
    lines: `[${context}]
exten => _X.,1,Dial(PJSIP/\${EXTEN}@TRUNK,60)
 same => n,Hangup()`,
  });
}

export function toTrunkSnippet(trunk: string, isGenerated: boolean): Sentence {
  return mend("trunkConf", {
    file: toFileName("pjsip.conf", isGenerated).replace("pjsip_custom", "pjsip.endpoint_custom"),
    command: toCommand("pjsip reload"),
    lines: `[${trunk}]
type = endpoint
context = from-trunk
aors = ${trunk}
outbound_auth = ${trunk}
disallow = all
allow = alaw,ulaw
[${trunk}]
type = aor
contact = sip:sip.carrier.example.test
qualify_frequency = 60`,
  });
}

export function toRegistrationSnippet(name: string): Sentence {
  return mend("registration", {
    command: toCommand(`pjsip send register ${name}`),
    lines: `[${name}]
type = registration
outbound_auth = ${name}
server_uri = sip:sip.carrier.example.test
client_uri = sip:USER@sip.carrier.example.test
retry_interval = 60`,
  });
}

export const WSS_SNIPPET = mend("webServer", {
  command: toCommand("module reload http"),
  lines: `[general]
enabled = yes
bindaddr = 127.0.0.1
tlsenable = yes
tlsbindaddr = 0.0.0.0:8089
tlscertfile = /etc/asterisk/keys/fullchain.pem
tlsprivatekey = /etc/asterisk/keys/privkey.pem
/etc/asterisk/pjsip.conf:
[transport-wss]
type = transport
protocol = wss
bind = 0.0.0.0`,
});

/** Two ways to let the doctor see what a module tells; the second one for a moment only. */
export const toLookSnippet = (module: string): Sentence =>
  mend("look", {
    command: `asterisk -rx "module load ${module}.so"`,
    reload: toCommand("manager reload"),
  });

export const CDR_SNIPPET = mend("records", {
  command: `${toCommand("module reload cdr")}, ${toCommand("module load cdr_manager.so")}`,
  lines: `[general]
enable = yes
enabled = yes`,
});

/** A place where the records of a gap can be read afterwards. */
export const toCdrSourceSnippet = (pbx: string): Sentence =>
  mend("recordSource", {
    statements: `CREATE USER 'enlace'@'10.0.0.9' IDENTIFIED BY 'a long secret';
GRANT SELECT ON asteriskcdrdb.cdr TO 'enlace'@'10.0.0.9';`,
    mysql: `enlace pbx cdr "${pbx}" --kind mysql --host pbx.example.test --user enlace --password @file`,
    csv: `enlace pbx cdr "${pbx}" --kind csv --path /var/log/asterisk/cdr-csv`,
  });

export const CLOCK_SNIPPET = mend("clock", {
  command: "timedatectl set-ntp true",
  others: "yum install chrony && systemctl enable --now chronyd",
});

export const toCodecSnippet = (name: string): Sentence =>
  mend("codecs", {
    name,
    command: toCommand("pjsip reload"),
    lines: `disallow = all
allow = opus,alaw,ulaw`,
  });
