"""Tell the people of a role what happens to backups and requests. A notice never fails what it tells of."""
