#!/bin/bash
# One database and three roles a service, by the same script as the one-machine run. Runs once, on an empty volume.
set -euo pipefail

for service in initiatives funding presence notifications; do
    psql --username "$POSTGRES_USER" --no-psqlrc --quiet \
        --set=ON_ERROR_STOP=1 --set=name="$service" --set=template=template1 \
        --set=app_password="$DORPSPLEIN_DATABASE_PASSWORD" \
        --set=migrator_password="$DORPSPLEIN_MIGRATION_PASSWORD" \
        --file=/usr/local/share/service_database.sql
done
