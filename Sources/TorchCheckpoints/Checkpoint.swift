import StateDicts
