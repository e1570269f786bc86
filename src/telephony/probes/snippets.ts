/**
 * What an administrator copies onto the PBX. Each is whole, names its file and the command that loads it, and matches
 * deploy/asterisk, where the same is explained at length.
 */

/** On FreePBX and Issabel the usual files are written by the web interface; these are left alone by it. */
export const toFileName = (file: string, isGenerated: boolean): string =>
  isGenerated ? `/etc/asterisk/${file.replace(/\.conf$/, "_custom.conf")}` : `/etc/asterisk/${file}`;

export function toManagerSnippet(username: string, isGenerated: boolean): string {
  return `${toFileName("manager.conf", isGenerated)}, then \`asterisk -rx "manager reload"\`:
[${username}]
read = system,call,agent,user,cdr
write = call,originate,reporting,agent,user`;
}

export function toContextSnippet(context: string, isGenerated: boolean): string {
  return `${toFileName("extensions.conf", isGenerated)}, then \`asterisk -rx "dialplan reload"\`; or set the PBX's dial.context to the one its phones dial in:
[${context}]
exten => _X.,1,Dial(PJSIP/\${EXTEN}@TRUNK,60)
 same => n,Hangup()`;
}

export function toTrunkSnippet(trunk: string, isGenerated: boolean): string {
  return `${toFileName("pjsip.conf", isGenerated).replace("pjsip_custom", "pjsip.endpoint_custom")}, then \`asterisk -rx "pjsip reload"\`; or mend the PBX's list of trunks:
[${trunk}]
type = endpoint
context = from-trunk
aors = ${trunk}
outbound_auth = ${trunk}
disallow = all
allow = alaw,ulaw
[${trunk}]
type = aor
contact = sip:sip.carrier.example.test
qualify_frequency = 60`;
}

export function toRegistrationSnippet(name: string): string {
  return `Compare user, password and address with the carrier's letter, then \`asterisk -rx "pjsip send register ${name}"\`:
[${name}]
type = registration
outbound_auth = ${name}
server_uri = sip:sip.carrier.example.test
client_uri = sip:USER@sip.carrier.example.test
retry_interval = 60`;
}

export const WSS_SNIPPET = `/etc/asterisk/http.conf, then \`asterisk -rx "module reload http"\` (FreePBX: Advanced Settings, Enable the mini-HTTP Server and HTTPS):
[general]
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
bind = 0.0.0.0`;

/** Two ways to let the doctor see what a module tells; the second one for a moment only. */
export function toLookSnippet(module: string): string {
  return `asterisk -rx "module load ${module}.so", and no noload for it in modules.conf. Or for the time of one check, in manager.conf: add system to
the write line of Enlace's user, \`asterisk -rx "manager reload"\`, check, take it out again (with it whoever has the secret runs commands) and reload.`;
}

export const CDR_SNIPPET = `/etc/asterisk/cdr.conf and cdr_manager.conf, then \`asterisk -rx "module reload cdr"\` and \`asterisk -rx "module load cdr_manager.so"\`:
[general]
enable = yes
enabled = yes`;

/** A place where the records of a gap can be read afterwards. */
export function toCdrSourceSnippet(pbx: string): string {
  return `FreePBX and Issabel keep them in a database. On the PBX, \`mysql asteriskcdrdb\`, with the address of Enlace's machine:
CREATE USER 'enlace'@'10.0.0.9' IDENTIFIED BY 'a long secret';
GRANT SELECT ON asteriskcdrdb.cdr TO 'enlace'@'10.0.0.9';
and here: enlace pbx cdr "${pbx}" --kind mysql --host pbx.example.test --user enlace --password @file
Others write a file: cdr_csv is loaded, and in cdr.conf [csv] loguniqueid = yes, newcdrcolumns = yes; where Enlace can read it:
enlace pbx cdr "${pbx}" --kind csv --path /var/log/asterisk/cdr-csv`;
}

export const CLOCK_SNIPPET =
  "On the PBX: timedatectl set-ntp true (Issabel: yum install chrony && systemctl enable --now chronyd)";

export function toCodecSnippet(phone: string): string {
  return `The section of ${phone} in pjsip.conf (FreePBX and Issabel: the extension's page, Allowed codecs), then \`asterisk -rx "pjsip reload"\`:
disallow = all
allow = opus,alaw,ulaw`;
}
