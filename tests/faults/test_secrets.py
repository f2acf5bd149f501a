"""What failures leave behind in logs, rows and letters, when all cases are over."""

from faults import databases


def test_no_secret_is_told_whatever_goes_wrong(campaign):
    campaign.wait()
    live = campaign.live
    secrets = {file.read_text().strip() for file in (live.home / "secrets").glob("repository_*")}
    for scene in campaign.scenes.values():
        secrets |= {live.password(repository, scene.scope) for repository in scene.repositories}
    secrets.add(databases.PASSWORD)
    told = {
        "logs": live.logs(),
        "rows": str(live.sql("respaldo", 'SELECT "row"::text FROM respaldo.fm007_history')),
        "failures": str(live.sql("respaldo", "SELECT to_jsonb(one)::text FROM respaldo.incident AS one")),
        "letters": campaign.mailbox.everything(),
    }
    assert [(where, len(text)) for where, text in told.items() if any(one in text for one in secrets)] == []
