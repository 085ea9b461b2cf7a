"""Who decided: approval history, who may approve, who is sent what, export."""
