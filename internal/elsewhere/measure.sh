#!/bin/sh
# Times the networks of this folder on a device that has no tailor on it. Written by tailor spaces;
# what it measures goes into a log that tailor fit latency --measured reads.

usage() {
    cat <<'END'
usage: sh measure.sh TARGET [FORMAT]

TARGET   adb        an Android phone on this computer's USB (or adb connect)
         ssh:HOST   a Linux board that ssh HOST reaches without a password
         local      this computer
FORMAT   tflite (benchmark_model) or onnx (onnxruntime_perf_test); default what the folder has

Each network runs between two runs of the reference network, in a new order each time. What is
in the log already is skipped, so that the same command goes on after an interruption.

Settings, as NAME=VALUE before sh:
TOOL      the measuring tool: a file here, which is copied to the device, or a path on the device
          with device: before it (default: the tool in this folder, else device: and its name).
          Libraries that it needs, lib*.so, are copied from this folder
SERIAL    which phone, if adb devices lists several
DIR       folder on the device (default /data/local/tmp/tailor; over ssh /tmp/tailor)
THREADS   threads (default 1)
CPUS      hexadecimal mask of processors for taskset, such as f0 (default: any)
REPEATS   1 to 9 runs of each network (default 3)
RUNS      inferences in a run (default 50)
WARMUP    inferences before them (default 10)
COOL      seconds between runs, in which the device cools (default 2)
LOG       file for the results (default measured-FORMAT.log)
END
}

say() { printf '%s\n' "measure.sh: $*" >&2; }
fail() {
    say "$*"
    exit 2
}

# generated: reference, formats, order

# whole NAME VALUE LOW: refuses a setting that is no whole number from LOW on.
whole() {
    case $2 in
    '' | *[!0-9]* | ???????* | 0?*) fail "$1 is '$2', expected a whole number" ;;
    esac
    [ "$2" -ge "$3" ] || fail "$1 is $2, expected $3 or more"
}

# plain NAME VALUE: refuses what a shell on the device could take for more than one word.
plain() {
    case $2 in
    '' | *[!A-Za-z0-9._/@:+-]*) fail "$1 is '$2', expected letters, digits and . _ / - alone" ;;
    esac
}

# settings checks and completes what was given.
settings() {
    threads=${THREADS:-1} repeats=${REPEATS:-3} runs=${RUNS:-50} warmup=${WARMUP:-10}
    cool=${COOL:-2} cpus=${CPUS:-any}
    whole THREADS "$threads" 1
    whole REPEATS "$repeats" 1
    whole RUNS "$runs" 1
    whole WARMUP "$warmup" 0
    whole COOL "$cool" 0
    [ "$repeats" -le 9 ] || fail "REPEATS is $repeats, expected 9 at most"
    case $cpus in
    any) ;;
    *[!0-9a-fA-F]*) fail "CPUS is '$cpus', expected a hexadecimal mask such as f0" ;;
    esac
    case $format in
    tflite) tool_name=benchmark_model ;;
    onnx) tool_name=onnxruntime_perf_test ;;
    *) fail "the format is '$format', expected one of: $formats" ;;
    esac
    [ -f "$reference.$format" ] || fail "$reference.$format is not in this folder, which has: \
$formats"
    log=${LOG:-$PWD/measured-$format.log}
}

# connect makes sure that the device answers.
connect() {
    case $target in
    adb)
        command -v adb >/dev/null || fail "adb is not installed: get Android's platform-tools \
(Debian: apt install adb)"
        on_device true || fail "adb reaches no phone: allow USB debugging on it, and look at \
adb devices (several: SERIAL=...)"
        dir=${DIR:-/data/local/tmp/tailor}
        ;;
    ssh:?*)
        command -v ssh >/dev/null || fail "ssh is not installed"
        plain TARGET "$target"
        case $target in ssh:-*) fail "the target is '$target', expected ssh:HOST" ;; esac
        on_device true || fail "ssh ${target#ssh:} does not answer: try that command first"
        dir=${DIR:-/tmp/tailor}
        ;;
    local) dir=. ;;
    *) fail "the target is '$target', expected adb, ssh:HOST or local" ;;
    esac
    plain DIR "$dir"
    [ "$target" = local ] || on_device "mkdir -p $dir" || fail "no folder $dir can be made there"
}

# on_device COMMAND: runs it there. Nothing of it may read this script's input.
on_device() {
    case $target in
    adb) adb ${SERIAL:+-s "$SERIAL"} shell "$1" </dev/null ;;
    ssh:*) ssh -o BatchMode=yes "${target#ssh:}" "$1" </dev/null ;;
    local) sh -c "$1" </dev/null ;;
    esac
}

# copy FILE NAME: copies a file there, under its name only once it is whole.
copy() {
    case $target in
    adb) adb ${SERIAL:+-s "$SERIAL"} push "$1" "$dir/$2.part" </dev/null >/dev/null 2>&1 ;;
    ssh:*) scp -q -o BatchMode=yes "$1" "${target#ssh:}:$dir/$2.part" </dev/null ;;
    esac && on_device "mv $dir/$2.part $dir/$2"
}

# find_tool sets tool to the command on the device.
find_tool() {
    tool=${TOOL:-}
    if [ -z "$tool" ]; then
        tool=device:$tool_name
        [ ! -f "$tool_name" ] || tool=./$tool_name
    fi
    case $tool in
    device:*) tool=${tool#device:} ;;
    *)
        [ -f "$tool" ] || fail "there is no file $tool; write TOOL=device:$tool for one on the device"
        if [ "$target" != local ]; then
            copy "$tool" "$tool_name" || fail "$tool cannot be copied to $dir"
            on_device "chmod 755 $dir/$tool_name" || fail "$dir/$tool_name cannot be made to run"
            tool=$dir/$tool_name
        fi
        ;;
    esac
    plain TOOL "$tool"
    find_libraries
    on_device "command -v $tool >/dev/null" || fail "there is no $tool that runs on the device: \
put $tool_name for it into this folder, or name it with TOOL=FILE"
    [ "$cpus" = any ] || on_device "command -v taskset >/dev/null" ||
        fail "the device has no taskset: leave out CPUS"
}

# find_libraries copies the libraries of this folder, for a tool that needs some, and sets libraries
# to where they are.
find_libraries() {
    libraries=
    for file in lib*.so*; do
        [ -f "$file" ] || continue
        plain "the name of a library" "$file"
        [ "$target" = local ] || copy "$file" "$file" || fail "$file cannot be copied to $dir"
        libraries=$dir
    done
}

# describe prints what the device is.
describe() {
    case $target in
    adb) on_device "getprop ro.product.manufacturer; getprop ro.product.model" ;;
    *) on_device "uname -n; uname -m" ;;
    esac | tr -d '\r' | tr '\n' ' '
}

# begin opens the log, which is of one device and one way to measure.
begin() {
    now="# tailor begin target=$target format=$format threads=$threads cpus=$cpus runs=$runs \
warmup=$warmup reference=$reference"
    if [ -f "$log" ]; then
        last=$(grep '^# tailor begin ' "$log" | tail -n 1)
        [ -z "$last" ] || [ "$last" = "$now" ] || fail "$log was measured with other settings \
(${last#\# tailor begin }): choose another with LOG=FILE, or remove it"
    fi
    printf '\n%s\n# tailor device %s\n' "$now" "$(describe)" >>"$log" || fail "$log cannot be written"
}

# command_for FILE: what runs a network.
command_for() {
    [ -z "$libraries" ] || printf 'LD_LIBRARY_PATH=%s ' "$libraries"
    [ "$cpus" = any ] || printf 'taskset %s ' "$cpus"
    case $format in
    tflite)
        printf '%s --graph=%s --num_threads=%s --num_runs=%s --warmup_runs=%s' \
            "$tool" "$dir/$1" "$threads" "$runs" "$warmup"
        ;;
    onnx)
        printf '%s -e cpu -I -s -m times -r %s -x %s -y 1 %s' \
            "$tool" $((runs + warmup)) "$threads" "$dir/$1"
        ;;
    esac
}

# run NETWORK REPEAT: one run, with what it printed in the log between two lines that say whose.
run() {
    file=$1.$format
    if [ "$target" != local ] && ! on_device "test -f $dir/$file"; then
        copy "$file" "$file" || fail "$file cannot be copied to $dir: is the device full?"
    fi
    [ "$cool" = 0 ] || sleep "$cool"
    output=$(on_device "$(command_for "$file")" 2>&1)
    status=$?
    case $output in
    *"timings in us"* | *"time cost"*) ;;
    *) [ "$status" != 0 ] || status=1 ;;
    esac
    printf '\n# tailor run network=%s repeat=%s\n%s\n# tailor end network=%s repeat=%s status=%s\n' \
        "$1" "$2" "$output" "$1" "$2" "$status" >>"$log" || fail "$log cannot be written"
    return "$status"
}

# measured NETWORK REPEAT: whether the log has that run.
measured() { grep -q "^# tailor end network=$1 repeat=$2 status=0" "$log"; }

main() {
    if [ $# -lt 1 ] || [ $# -gt 2 ]; then
        usage >&2
        exit 2
    fi
    case $1 in
    -h | --help) usage && exit 0 ;;
    esac
    # Paths are from where the command was given.
    case ${TOOL:-} in '' | /* | device:*) ;; *) TOOL=$PWD/$TOOL ;; esac
    case ${LOG:-} in '' | /*) ;; *) LOG=$PWD/$LOG ;; esac
    CDPATH= cd -- "$(dirname -- "$0")" || exit 2
    target=$1 format=${2:-${formats%% *}} failed=0
    settings
    connect
    find_tool
    begin
    trap 'say "interrupted: the same command goes on"; exit 130' INT TERM HUP
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        done_here=0 fresh=0
        # shellcheck disable=SC2046 # numbers are words
        set -- $(order "$repeat")
        total=$#
        for number in "$@"; do
            done_here=$((done_here + 1))
            set -- net-"$number"-*."$format"
            network=${1%."$format"}
            measured "$network" "$repeat" && continue
            [ "$fresh" = 1 ] || run "$reference" "$repeat" || say "$reference: failed, see $log"
            say "repeat $repeat of $repeats, $done_here of $total: $network"
            run "$network" "$repeat" || {
                say "$network: failed, see $log"
                failed=$((failed + 1))
            }
            run "$reference" "$repeat" || say "$reference: failed, see $log"
            fresh=1
        done
        repeat=$((repeat + 1))
    done
    if [ "$failed" != 0 ]; then
        say "$failed runs failed; the same command tries them again"
        exit 1
    fi
    say "done: tailor fit latency --measured $log --device-name ... --out phone.json"
}

main "$@"
