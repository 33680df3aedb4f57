#!/usr/bin/env bash
# Only for health checks: --bootstrap-server HOST:PORT --list. Whether the broker accepts connections.
set -euo pipefail
address=$2
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
