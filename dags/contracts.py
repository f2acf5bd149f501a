"""The DAGs of contracts: the question of a renewal, and the watch over all of them."""

from respaldo.flows.contracts.dag import airflow_contract_dags

globals().update(airflow_contract_dags())
