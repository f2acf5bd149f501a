"""What people configure: organization, repositories and scopes, read from YAML into frozen models."""
