import { createSentences } from "../../core/sentence.ts";

/** What mends a finding. `lines` and commands are the same in every language. */
export const MEND_SENTENCES = {
  again: "Try again.",
  address: "Give another address, or set ENLACE_ALLOW_LOOPBACK_TARGETS or ENLACE_ALLOW_PRIVATE_TARGETS.",
  login: "Compare name and secret with manager.conf, and its deny and permit lines with this machine's address.",
  connection: "Is {where} right, enabled = yes and bindaddr set in manager.conf, and the port open in the firewall?",
  rights: "On FreePBX and Issabel in manager_custom.conf. {snippet}",
  dangerousRights: "Take system, command, config and all out of its write line. {rights}",
  reporting: "Give it the class reporting in its write line.",
  zone: "Say the PBX's zone: {request}, or PBX_TIMEZONE; or set the PBX's: timedatectl set-timezone, and restart Asterisk.",
  files:
    "/etc/asterisk/asterisk.conf, section [options]: maxfiles = 65536; and where systemd starts Asterisk, `systemctl edit asterisk`:\n{lines}\nThen restart it; {command} shows what it got.",
  callsMax: "Raise maxcalls, or take it out.",
  module: "{command}; see modules.conf for why it is not loaded.",
  amd: "/etc/asterisk/amd.conf, then {command}:\n{lines}",
  ports: "/etc/asterisk/rtp.conf: rtpstart = 10000, rtpend = 20000, in the firewall too; then restart Asterisk.",
  extensions: "Add them to {context} ({line}), or `enlace extension remove` those that are gone.",
  peers: "Is chan_pjsip (or chan_sip) loaded, and has the AMI user the class reporting?",
  trunk: "Look at it: {command}. Address, firewall and carrier come first; then:\n{snippet}",
  phones: "Make them on the PBX, or say which peers an extension has: `enlace extension set 101 --peer 101`.",
  certificate: "Give it a certificate that browsers know (Let's Encrypt).\n{snippet}",
  port: "Open port {port} in the firewall.\n{snippet}",
  webSocket: "Load what serves it: {commands}.\n{snippet}",
  managerConf: "{file}, then {command}:\n{lines}",
  dialplan: "{file}, then {command}; or set the PBX's dial.context to the one its phones dial in:\n{lines}",
  trunkConf: "{file}, then {command}; or mend the PBX's list of trunks:\n{lines}",
  registration: "Compare user, password and address with the carrier's letter, then {command}:\n{lines}",
  webServer:
    "/etc/asterisk/http.conf, then {command} (FreePBX: Advanced Settings, Enable the mini-HTTP Server and HTTPS):\n{lines}",
  look: "{command}, and no noload for it in modules.conf. Or for the time of one check, in manager.conf: add system to\nthe write line of Enlace's user, {reload}, check, take it out again (with it whoever has the secret runs commands) and reload.",
  records: "/etc/asterisk/cdr.conf and cdr_manager.conf, then {command}:\n{lines}",
  recordSource:
    "FreePBX and Issabel keep them in a database. On the PBX, `mysql asteriskcdrdb`, with the address of Enlace's machine:\n{statements}\nand here: {mysql}\nOthers write a file: cdr_csv is loaded, and in cdr.conf [csv] loguniqueid = yes, newcdrcolumns = yes; where Enlace can read it:\n{csv}",
  clock: "On the PBX: {command} (Issabel: {others})",
  codecs:
    "The section of {name} in pjsip.conf (FreePBX and Issabel: the extension's page, Allowed codecs), then {command}:\n{lines}",
} as const;

export const mend = createSentences("mend", MEND_SENTENCES);
