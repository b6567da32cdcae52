"""A step may wait for another one to be done, whatever became of it; until now every wait was for a pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Say of every wait whether it is for a pass; of the present ones it is."""
    with op.batch_alter_table("step_need") as table:
        table.add_column(sa.Column("passed", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("step_need") as table:
        table.alter_column("passed", server_default=None)


def downgrade() -> None:
    """Forget it, and the waits that were for an end only."""
    op.execute(sa.text("DELETE FROM step_need WHERE NOT passed"))
    with op.batch_alter_table("step_need") as table:
        table.drop_column("passed")
