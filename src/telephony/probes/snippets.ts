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

export const CDR_SNIPPET = `/etc/asterisk/cdr.conf and cdr_manager.conf, then \`asterisk -rx "module reload cdr"\` and \`asterisk -rx "module load cdr_manager.so"\`:
[general]
enable = yes
enabled = yes`;

export const CLOCK_SNIPPET =
  "On the PBX: timedatectl set-ntp true (Issabel: yum install chrony && systemctl enable --now chronyd)";

export function toCodecSnippet(phone: string): string {
  return `The section of ${phone} in pjsip.conf (FreePBX and Issabel: the extension's page, Allowed codecs), then \`asterisk -rx "pjsip reload"\`:
disallow = all
allow = opus,alaw,ulaw`;
}
