#!/bin/sh
# 安装或更新楼组党建，不需要网络。用法：sh install.sh [选项] [-- manage.py setup 的选项]
#   --prefix 文件夹    装在哪里，不写就是 /opt/louzu
#   --no-systemd       不安装、不启动系统服务，也不新建用户
#   --service 命令     没有 systemd 时怎样启停：以 stop、start、restart 为参数运行它
#   --address 网址     重新启动以后到哪里看网站好了没有，不写就是 http://127.0.0.1:8000
#   --wait 秒数        最多等它多久，不写就是 60；没有应答就退回原来的一版
#
# Each release has a folder of its own, `current` points at the one in use; data, settings and keys lie outside.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
prefix=${LOUZU_PREFIX:-/opt/louzu}
systemd=yes service='' address=http://127.0.0.1:8000 wait=60

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=${2:?}; shift 2 ;;
        --no-systemd) systemd=no; shift ;;
        --service) service=${2:?}; shift 2 ;;
        --address) address=${2:?}; shift 2 ;;
        --wait) wait=${2:?}; shift 2 ;;
        --) shift; break ;;
        -h | --help) sed -n '2,8s/^# //p' "$0"; exit ;;
        *) die "不认识“$1”。运行 sh install.sh --help 看用法。" ;;
    esac
done

# What this machine must be ---------------------------------------------------------------------------------------------
machine=$(uname -m)
case $machine in
    x86_64 | aarch64) ;;
    *) die "这台机器的处理器是 $machine，安装包只能装在 x86_64（Intel、AMD、海光、兆芯）和 aarch64（鲲鹏、飞腾）上。什么都没有改。" ;;
esac

python=''
for each in ${PYTHON:-python3.11 python3}; do
    if "$each" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python=$(command -v "$each")
        break
    fi
done
[ -n "$python" ] || die "没有找到 Python 3.11。安装包要用 3.11，别的版本不行：请先从系统安装盘装 python3.11；装在别处的，这样运行：PYTHON=/…/python3.11 sh install.sh。什么都没有改。"
"$python" -c 'import ensurepip, venv' 2>/dev/null || die "这台机器的 Python 没有 venv：请先从系统安装盘装 python3.11-venv。什么都没有改。"
"$python" -c 'import platform; n, v = platform.libc_ver(); raise SystemExit(n != "glibc" or tuple(map(int, v.split("."))) < (2, 28))' ||
    die "这台机器的系统太旧，或者不是常见的 Linux：要 glibc 2.28 以上（如 Debian 10、统信 20、麒麟 V10）。什么都没有改。"

if [ "$systemd" = yes ] && [ ! -d /run/systemd/system ]; then
    say "这台机器没有在用 systemd：只安装，不安装系统服务。"
    systemd=no
fi
if [ "$systemd" = yes ] && [ "$(id -u)" -ne 0 ]; then
    die "安装系统服务要用管理员：sudo sh install.sh；只装在自己的文件夹里：sh install.sh --prefix 文件夹 --no-systemd。什么都没有改。"
fi

(cd "$here" && sha256sum --check --quiet SHA256SUMS >/dev/null 2>&1) ||
    die "安装包不完整，或者有文件被改过（SHA256SUMS 对不上）。请重新拷贝一份。什么都没有改。"

version=$(cat "$here/VERSION")
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd -P)
exec 9>"$prefix/.lock"
flock -n 9 || die "另一次安装正在进行。请等它结束。"

# What the rest is done with --------------------------------------------------------------------------------------------
as_louzu() {
    if [ "$systemd" = yes ]; then
        (cd "$prefix" && runuser -u louzu -- env LOUZU_ENV="$prefix/etc/env" LOUZU_VAR="$prefix/var" "$@")
    else
        (cd "$prefix" && LOUZU_ENV="$prefix/etc/env" LOUZU_VAR="$prefix/var" "$@")
    fi
}
manage() { # release, command
    folder=$prefix/releases/$1
    shift
    as_louzu "$folder/.venv/bin/python" "$folder/manage.py" "$@"
}
collect() { manage "$1" collectstatic --no-input --verbosity 0; }
is_embedded() { ! grep -q '^DATABASE_URL=.\{0,1\}postgres' "$prefix/etc/env"; }
point_at() { ln -sfn "releases/$1" "$prefix/current.new" && mv -T "$prefix/current.new" "$prefix/current"; }

units() { # stop, start or restart
    if [ "$systemd" = no ]; then
        [ -z "$service" ] || sh -c "$service $1" 9>&-
        return
    fi
    names=louzu-web.service
    is_embedded || names="$names louzu-work.service"
    # While it is stopped nobody may wake the old release: its address is given up as well.
    if [ "$1" != restart ]; then names="louzu-web.socket $names"; fi
    systemctl "$1" $names
}
is_up() {
    [ "$systemd" = yes ] || [ -n "$service" ] || return 0
    "$prefix/current/.venv/bin/python" - "$address/verify/" "$wait" <<'END'
import sys, time, urllib.error, urllib.request

class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        status = opener.open(sys.argv[1], timeout=max(1, end - time.monotonic())).status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    if 200 <= status < 500:
        sys.exit(0)
    time.sleep(0.5)
sys.exit(1)
END
}

put_units() {
    [ "$systemd" = yes ] || return 0
    for unit in "$prefix/current/deploy/systemd"/*; do
        sed "s#/opt/louzu#$prefix#g" "$unit" >"/etc/systemd/system/$(basename "$unit")"
    done
    systemctl daemon-reload
    systemctl --quiet enable louzu-web.socket louzu-web.service louzu-daily.timer
    is_embedded || systemctl --quiet enable louzu-work.service
    systemctl start louzu-daily.timer
}
has_backup() { manage "$1" help --commands 2>/dev/null | grep -qx backup; }

# The release's own folder ----------------------------------------------------------------------------------------------
unpack() {
    if [ "$systemd" = yes ]; then
        id louzu >/dev/null 2>&1 || useradd --system --home-dir "$prefix" --shell /usr/sbin/nologin louzu
        install -d -o louzu -g louzu -m 0700 "$prefix/var" "$prefix/etc"
    else
        mkdir -p -m 0700 "$prefix/var" "$prefix/etc"
    fi
    mkdir -p "$prefix/releases" "$prefix/venvs"
    pins=$(sha256sum <"$here/project/requirements.txt" | cut -c1-16)
    venv=$prefix/venvs/$pins
    if [ ! -e "$venv/complete" ]; then
        say "正在安装 $version 要用的程序包，大约一分钟……"
        rm -rf "$venv"
        "$python" -m venv "$venv" &&
            "$venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-index \
                --find-links "$here/wheels" --require-hashes -r "$here/project/requirements.txt" ||
            die "程序包没有装成（见上面），常见的是磁盘满了。正在用的没有动。"
        touch "$venv/complete"
    fi
    if [ ! -e "$prefix/releases/$version" ]; then
        rm -rf "$prefix/releases/.new"
        cp -R "$here/project" "$prefix/releases/.new"
        ln -s "../../venvs/$pins" "$prefix/releases/.new/.venv"
        "$venv/bin/python" -m compileall -q "$prefix/releases/.new"
        mv "$prefix/releases/.new" "$prefix/releases/$version"
    fi
}

say_how_to_start() {
    if [ "$systemd" = no ] && [ -z "$service" ]; then
        say "现在请启动或重新启动网站：LOUZU_ENV=$prefix/etc/env $prefix/current/.venv/bin/gunicorn --chdir $prefix/current louzu.wsgi"
    fi
}

forget_old() { # all but the one in use, the one before and this one
    for folder in "$prefix/releases"/*; do
        case $(basename "$folder") in "$version" | "$1") ;; *) rm -rf "$folder" ;; esac
    done
    for venv in "$prefix/venvs"/*; do
        is_used=no
        for link in "$prefix/releases"/*/.venv; do
            if [ "$(readlink -f "$link")" = "$(readlink -f "$venv")" ]; then is_used=yes; fi
        done
        if [ $is_used = no ]; then rm -rf "$venv"; fi
    done
}

# Once for the first time, then again and again -------------------------------------------------------------------------
install_first() {
    manage "$version" setup "$@" || die "$version 的文件装好了，设置还没有做完（见上面）。改好以后再运行一次 install.sh，从这里接着做。"
    collect "$version"
    [ -e "$prefix/etc/env" ] || die "没有写设置文件：那个数据库里已经有一个街道。请把它原来的设置文件放到 $prefix/etc/env，再运行一次。"
    point_at "$version"
    put_units
    units start || die "$version 装好了，但是网站没有启动。原因看网站的日志（journalctl -u louzu-web）。"
    is_up || die "$version 装好了，但是 $address 没有应答。原因看网站的日志（journalctl -u louzu-web）。"
    say "$version 装在 $prefix。数据在 $prefix/var，设置和密钥在 $prefix/etc/env，请另外抄一份。"
    say_how_to_start
}

update() {
    old=$(basename "$(readlink "$prefix/current")")
    if [ "$old" = "$version" ]; then
        say "$version 已经在用，什么都没有改。"
        return
    fi
    if has_backup "$old"; then
        say "正在备份……"
        manage "$old" backup || die "备份没有做成（见上面），所以没有更新，$old 照常运行。"
    else
        say "$old 还没有备份命令，这次没有备份。"
    fi
    manage "$version" check >/dev/null || die "$version 用不了现在的设置（见上面），没有更新，$old 照常运行。"
    has_stopped=no
    if must_stop; then
        say "这次要改的表，旧版不能同时用：网站先停一下。"
        units stop
        has_stopped=yes
    fi
    say "正在更新数据库……"
    if ! manage "$version" migrate --no-input --verbosity 0 9>&-; then
        say "数据库没有更新成（见上面），$version 没有用上，$old 照常运行。已经做完的几步留在数据库里。"
        if [ $has_stopped = yes ]; then units start || true; fi
        die "$(what_stays)"
    fi
    if [ $has_stopped = yes ]; then again=start; else again=restart; fi
    if ! { collect "$version" && point_at "$version" && put_units && units $again && is_up; }; then
        go_back
        say "$version 没有启动起来，已经退回 $old。原因看网站的日志（journalctl -u louzu-web）。"
        die "$(what_stays)"
    fi
    forget_old "$old"
    say "已经从 $old 更新到 $version。$old 还留着，要退回就把 $prefix/current 指回 releases/$old，再重新启动。"
    say_how_to_start
}

must_stop() { # whether a migration that is due is one that the old release cannot run on
    manage "$version" showmigrations --plan | sed -n 's/^\[ \]  \([^ ]*\).*/\1/p' |
        grep -qxF "$(sed -n 's/^\([a-z_]*\.[0-9][^ ]*\).*/\1/p' "$prefix/releases/$version/deploy/stops.txt")"
}

what_stays() { # what the old release now runs on
    if [ $has_stopped = no ]; then
        say "数据库里多出来的，不影响 $old。"
    else
        say "改过的表 $old 不一定都写得了，有的内容可能存不了：请尽快查明原因再更新一次，或者恢复更新前的备份。"
    fi
}

go_back() {
    collect "$old" || true
    point_at "$old"
    put_units || true
    units restart || true
}

unpack
if [ -e "$prefix/current" ] && [ -e "$prefix/etc/env" ]; then update; else install_first "$@"; fi
