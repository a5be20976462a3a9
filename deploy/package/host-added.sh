# What `trainyard host add` leaves on a host, with a unit or as a process; the package brings neither of these files.
ADDED_UNIT=/etc/systemd/system/trainyard-agent.service
ADDED_OPTIONS=/etc/trainyard/agent.env
is_unit_added() { [ -e "$ADDED_UNIT" ] && [ ! -L "$ADDED_UNIT" ] && grep -q '`trainyard host add`' "$ADDED_UNIT"; }
is_host_added() { [ -e "$ADDED_OPTIONS" ] || is_unit_added; }
