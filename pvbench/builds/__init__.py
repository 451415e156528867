"""Builds of drivers: frontends and backends made from a kernel's source, told apart by their build-ids."""
