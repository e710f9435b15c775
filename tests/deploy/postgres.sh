# Stands in for the entry point of the official PostgreSQL image, where Debian's package serves: see
# compose.debootstrap.yml. The same variables, the same result.
set -eu
data=/var/lib/postgresql/data
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
if [ ! -s "$data/PG_VERSION" ]; then
	"$bin/initdb" --pgdata="$data" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 \
		--locale=C.UTF-8 $POSTGRES_INITDB_ARGS
	echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
	PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
	export PGPASSWORD
	"$bin/pg_ctl" --pgdata="$data" --wait --options="-c listen_addresses=" start
	"$bin/createdb" --username="$POSTGRES_USER" "$POSTGRES_DB"
	"$bin/pg_ctl" --pgdata="$data" --wait stop
	unset PGPASSWORD
fi
exec "$bin/postgres" -D "$data" -c listen_addresses='*'
