"""What every kind of database needs: marks on what restorations made, requests, and programs that are fed."""
