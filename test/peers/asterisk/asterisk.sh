#!/usr/bin/env bash
# Real Asterisk 16 or 22 in a private root, for tests. Needs root, apt, dpkg-deb, tar; no container engine.
#   asterisk.sh install [16|22] DIR   put an Asterisk root in DIR (no-op when it is there; instant from the cache)
#   asterisk.sh start DIR             render etc/*.conf, start in the background, return once fully booted
#   asterisk.sh run DIR               the same in the foreground (for a process manager)
#   asterisk.sh stop DIR | status DIR | cli DIR CMD... | env DIR
# Everything listens on 127.0.0.1. Give a second instance its own DIR and shift all ports with PBX_OFFSET=1000.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "asterisk.sh: $*" >&2; exit 1; }

: "${PBX_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/enlace-pbx}"     # downloaded .debs and unpacked roots, one per version
: "${PBX_CONF:=$here/etc/pbx}"              # configuration templates (*.conf, @NAME@ is replaced by $PBX_NAME)
: "${PBX_MIRROR:=}"                        # Debian archive (…/debian); empty = the one this machine's apt uses
: "${PBX_RUNAS:=}"                          # e.g. asterisk: drop root, as Debian's own unit does
: "${PBX_BOOT_S:=60}"                       # how long start waits

settings() {                                # ports and secrets; what start used is kept in DIR/pbx.env
  local o=${PBX_OFFSET:-0}
  : "${PBX_AMI_PORT:=$((5038 + o))}"
  : "${PBX_SIP_PORT:=$((5060 + o))}" "${PBX_RTP_START:=$((20000 + 4 * o))}" "${PBX_RTP_END:=$((PBX_RTP_START + 3999))}"
  : "${PBX_AGI_PORT:=$((4573 + o))}" "${PBX_TRUNK_PORT:=$((5070 + o))}"
  : "${PBX_CARRIER_PORT:=$((5080 + o))}" "${PBX_SPARE_PORT:=$((5090 + o))}"
  : "${PBX_AMI_USER:=enlace}" "${PBX_AMI_SECRET:=enlace-test}"
  names="AMI_PORT SIP_PORT RTP_START RTP_END AGI_PORT TRUNK_PORT CARRIER_PORT SPARE_PORT AMI_USER AMI_SECRET"
}

fetch() {                                   # VERSION SUITE CACHE: downloads the packages; fails with what apt said
  local v=$1 suite=$2 cache=$3 want="asterisk asterisk-core-sounds-en-gsm busybox-static"
  local key="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no]"
  mkdir -p "$cache"/{lists/partial,archives/partial,etc/preferences.d}; : >"$cache/status"
  echo "deb $key $PBX_MIRROR $suite main" >"$cache/sources.list"
  if [ "$v" = 16 ]; then want+=" asterisk-opus"; echo "deb $key $PBX_MIRROR-security $suite-security main" >>"$cache/sources.list"; fi
  cat >"$cache/apt.conf" <<APT
Dir::State "$cache"; Dir::State::lists "$cache/lists"; Dir::State::status "$cache/status";
Dir::Cache "$cache"; Dir::Cache::archives "$cache/archives";
Dir::Etc::sourcelist "$cache/sources.list"; Dir::Etc::sourceparts "-"; Dir::Etc::preferencesparts "$cache/etc/preferences.d";
APT::Architecture "amd64"; APT::Architectures "amd64"; APT::Install-Recommends "false"; APT::Sandbox::User "root";
Acquire::Languages "none"; Acquire::Retries "3";
APT
  rm -f "$cache"/archives/*.deb             # what another suite gave
  # shellcheck disable=SC2086
  APT_CONFIG=$cache/apt.conf apt-get -qq update >"$cache/apt.log" 2>&1 &&
    APT_CONFIG=$cache/apt.conf apt-get -qq -y --download-only install $want >>"$cache/apt.log" 2>&1 && return
  echo "asterisk.sh: $suite: $(tail -3 "$cache/apt.log")" >&2
  return 1
}

install() {
  local v=22 dir cache root
  [[ ${1:-} =~ ^(16|22)$ ]] && { v=$1; shift; }
  dir=${1:?usage: asterisk.sh install [16|22] DIR}
  if [ -x "$dir/usr/sbin/asterisk" ]; then
    grep -qx "$v" "$dir/pbx.version" 2>/dev/null || die "$dir holds another Asterisk; remove it or choose another DIR"
    echo "already there: $dir"; return
  fi
  [ "$(id -u)" = 0 ] || die "install needs root"
  cache=$PBX_CACHE/$v root=$PBX_CACHE/root-$v
  [ -n "$PBX_MIRROR" ] || PBX_MIRROR=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' | awk '$2 == "Debian" { print $1; exit }')
  [ -n "$PBX_MIRROR" ] || die "apt names no Debian archive; run 'apt-get update' or set PBX_MIRROR"
  PBX_MIRROR=${PBX_MIRROR%/}
  mkdir -p "$PBX_CACHE"; exec 9>"$PBX_CACHE/lock"; flock 9    # two tests may install at once
  if [ ! -e "$root/pbx.version" ]; then
    local suite suites=bullseye; [ "$v" = 16 ] || suites=${PBX_SUITE22:-forky sid}   # testing loses packages at times
    for suite in $suites; do fetch "$v" "$suite" "$cache" && break; done || die "no Asterisk $v in $suites of $PBX_MIRROR"
    rm -rf "$root.part"; mkdir -p "$root.part"/{usr/{bin,sbin,lib,lib64},etc,dev,tmp,proc,root}
    if [ "$v" = 22 ]; then for l in bin sbin lib lib64; do ln -s "usr/$l" "$root.part/$l"; done; fi   # merged /usr
    # Only what the program needs to run: its own packages and the libraries. No maintainer script runs.
    local deb; for deb in "$cache"/archives/{asterisk,lib,zlib1g,busybox-static}*.deb; do
      case ${deb##*/} in libperl*|libpam*) continue ;; esac
      dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root.part" \
        --exclude='./usr/share/'{doc,man,locale,lintian,bug,zoneinfo,gtk-doc} || die "cannot unpack $deb"
    done
    ln -sf busybox "$root.part/bin/sh"
    # What Debian's postinst scripts would have done:
    ln -s en_US_f_Allison "$root.part/usr/share/asterisk/sounds/en"
    mkdir -p "$root.part"/usr/local/share/asterisk/sounds "$root.part"/var/{run,log,cache,lib}/asterisk "$root.part"/var/log/asterisk/cdr-csv
    echo 'root:x:0:0::/root:/bin/sh
asterisk:x:5038:5038::/var/lib/asterisk:/bin/sh' >"$root.part/etc/passwd"
    echo 'root:x:0:
asterisk:x:5038:' >"$root.part/etc/group"
    echo '127.0.0.1 localhost' >"$root.part/etc/hosts"
    chmod 1777 "$root.part/tmp"
    rm -rf "$root.part/etc/asterisk"; mkdir "$root.part/etc/asterisk"
    chroot "$root.part" /usr/sbin/asterisk -V || die "the unpacked Asterisk does not run"
    echo "$v" >"$root.part/pbx.version"; mv "$root.part" "$root"
  fi
  mkdir -p "$(dirname "$dir")"; rm -rf "$dir.part"; cp -a "$root" "$dir.part"; mv -T "$dir.part" "$dir"
  echo "installed $(chroot "$dir" /usr/sbin/asterisk -V) in $dir"
}

render() {
  local dir=$1 f n script=""
  settings
  for n in $names; do local var=PBX_$n; script+="s|@$n@|${!var}|g;"; done
  mkdir -p "$dir/etc/asterisk"
  for f in "$PBX_CONF"/*.conf; do sed "$script" "$f" >"$dir/etc/asterisk/${f##*/}"; done
  # Empty files for what is not configured, so that an ERROR in the log is a real one.
  for n in acl agents aeap ari ccss cel chan_websocket cli_aliases \
    confbridge followme geolocation pjproject pjsip_notify pjsip_wizard queuerules res_fax res_http_media_cache res_parking \
    stasis statsd stir_shaken udptl websocket_client; do [ -e "$dir/etc/asterisk/$n.conf" ] || : >"$dir/etc/asterisk/$n.conf"; done
  ! grep -rnE '@[A-Z_]+@' "$dir"/etc/asterisk/*.conf || die "a name in the templates has no value"
  for n in $names; do local var=PBX_$n; echo "PBX_$n=${!var}"; done >"$dir/pbx.env"
  local d; for d in "null 1 3" "zero 1 5" "random 1 8" "urandom 1 9" "tty 5 0"; do
    set -- $d; [ -c "$dir/dev/$1" ] || { rm -f "$dir/dev/$1"; mknod -m 666 "$dir/dev/$1" c "$2" "$3"; }
  done
  if [ -n "$PBX_RUNAS" ]; then chroot "$dir" /bin/busybox chown -R "$PBX_RUNAS" /var/lib/asterisk /var/spool/asterisk /var/log/asterisk /var/cache/asterisk /var/run/asterisk /etc/asterisk; fi
}

pid_of() { local p; p=$(cat "$1/asterisk.pid" 2>/dev/null) && [ "$(readlink "/proc/$p/root" 2>/dev/null)" = "$(realpath "$1")" ] && echo "$p"; }
cli() { chroot "$1" /usr/sbin/asterisk -rx "${*:2}"; }

prepare() {
  [ -x "$1/usr/sbin/asterisk" ] || die "no Asterisk in $1: run 'asterisk.sh install [16|22] $1' first"
  pid_of "$1" >/dev/null && { echo "already running: pid $(pid_of "$1")"; exit 0; }
  settings
  local p; for p in "$PBX_AMI_PORT" "$PBX_SIP_PORT"; do
    if (: <"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then die "port $p is taken: set PBX_OFFSET or PBX_*_PORT"; fi
  done
  render "$1"
  rm -f "$1"/var/run/asterisk/asterisk.{ctl,pid}
  args=(-f -q); [ -z "$PBX_RUNAS" ] || args+=(-U "$PBX_RUNAS")
}

start() {
  local dir=$1 pid i; prepare "$dir"
  setsid chroot "$dir" /usr/sbin/asterisk "${args[@]}" >"$dir/var/log/asterisk/console" 2>&1 </dev/null &
  pid=$!; echo "$pid" >"$dir/asterisk.pid"
  for ((i = 0; i < PBX_BOOT_S * 5; i++)); do
    sleep 0.2
    kill -0 "$pid" 2>/dev/null || { tail -20 "$dir/var/log/asterisk/console" >&2; die "Asterisk ended while starting (log: $dir/var/log/asterisk/full)"; }
    if cli "$dir" core waitfullybooted 2>/dev/null | grep -q 'fully booted'; then echo "started: pid $pid, $(tr '\n' ' ' <"$dir/pbx.env")"; return; fi
  done
  die "not booted after $PBX_BOOT_S s (log: $dir/var/log/asterisk/full)"
}

stop() {
  local pid i; pid=$(pid_of "$1") || { echo "not running"; return 0; }
  cli "$1" core stop now >/dev/null 2>&1 || true
  for ((i = 0; i < 50; i++)); do kill -0 "$pid" 2>/dev/null || { rm -f "$1/asterisk.pid"; echo "stopped $pid"; return; }; sleep 0.1; done
  kill -KILL "$pid"; rm -f "$1/asterisk.pid"; echo "killed $pid"
}

cmd=${1:-}; shift || true
case $cmd in
  install) install "$@" ;;
  start) start "${1:?DIR}" ;;
  run) prepare "${1:?DIR}"; echo $$ >"$1/asterisk.pid"; exec chroot "$1" /usr/sbin/asterisk "${args[@]}" ;;
  stop) stop "${1:?DIR}" ;;
  status) if p=$(pid_of "${1:?DIR}"); then echo "running: pid $p"; else echo "not running"; exit 3; fi ;;
  cli) cli "${1:?DIR}" "${@:2}" ;;
  env) cat "${1:?DIR}/pbx.env" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
