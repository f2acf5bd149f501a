"""The DAGs that the duties are about are those that there are."""

from respaldo.config.configuration import load
from respaldo.domain.duties import POWERS
from respaldo.flows.roles.dags import dags_of

WATCHES = {"failure_watch", "contract_watch"}
"""They look around by themselves: nobody but an administrator starts them."""


def test_each_dag_is_of_a_kind_that_some_duty_acts_on(write_scope, configuration, dags):
    write_scope("nomina")
    write_scope("rota", rpo="nunca")
    kinds = dags_of(load(configuration))
    assert set(dags()) == frozenset().union(*kinds.values()) | WATCHES
    assert set(kinds) == frozenset().union(*(power.acts for power in POWERS.values()))
