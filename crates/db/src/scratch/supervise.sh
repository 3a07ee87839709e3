# Runs a PostgreSQL server for the process that holds the other end of standard input, and removes the
# server and its directory when that process closes it: by its own will, or because it was killed.
# $1: the directory to work in and to remove; $2: where initdb and postgres are.
# Lines read: 'stop' ends the server as a crash would, 'start' starts it again. The file 'ended' says that no server
# runs any more, or that none could be started.
directory=${1:?}
bin=${2:?}
cd "$directory" || exit 1

start() {
    { "$bin/postgres" -D data </dev/null >>server.log 2>&1; : >ended; } &
}

stop() {
    until [ -s data/postmaster.pid ] || [ -e ended ]; do sleep 0.01; done
    if [ ! -e ended ] && read -r postmaster <data/postmaster.pid; then kill -QUIT "$postmaster"; fi
    wait
}

if "$bin/initdb" -D data -U leora -A trust -E UTF8 --locale=C --no-sync </dev/null >>server.log 2>&1; then
    cat settings.conf >>data/postgresql.conf
    start
else
    : >ended
fi
while read -r order; do
    case $order in
        stop) stop ;;
        start) start ;;
    esac
done
stop
cd /
rm -rf "$directory"
