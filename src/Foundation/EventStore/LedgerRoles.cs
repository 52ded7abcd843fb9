using Npgsql;

namespace EventMl.EventStore;

/// <summary>One NOLOGIN role per area: reads the whole ledger, appends to its own categories, owns the rows of its own schema.</summary>
internal static class LedgerRoles
{
    /// <summary>Creates the roles. They belong to the whole server, so another database may be doing the same right now.</summary>
    public static async Task CreateAsync(NpgsqlConnection connection, IReadOnlyList<CategoryOwner> owners, CancellationToken cancellationToken)
    {
        foreach (var owner in owners)
        {
            try
            {
                await LedgerSchema.ExecuteAsync(connection, $"""
                    do $$ begin
                      if not exists (select from pg_roles where rolname = '{owner.Role}') then
                        begin
                          create role {owner.Role} nologin;
                        exception when duplicate_object or unique_violation then null;
                        end;
                      end if;
                      if not (select rolsuper from pg_roles where rolname = current_user) then
                        begin
                          execute format('grant {owner.Role} to %I', current_user);
                        exception when unique_violation then null;
                        when insufficient_privilege then
                          if not pg_has_role(current_user, '{owner.Role}', 'member') then raise; end if;
                        end;
                      end if;
                    end $$
                    """, cancellationToken);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw new LedgerSchemaException(
                    $"The database user may not create the role {owner.Role}: give it CREATEROLE, or let an administrator create the role and grant it to the user.", e);
            }
        }
    }

    /// <summary>Grants the rights and records the categories, in the caller's transaction.</summary>
    public static async Task GrantAsync(NpgsqlConnection connection, string ledger, IReadOnlyList<CategoryOwner> owners, CancellationToken cancellationToken)
    {
        foreach (var owner in owners)
        {
            // FOR UPDATE on a stream needs the right to update some column of it.
            await LedgerSchema.ExecuteAsync(connection, $"""
                grant usage on schema {ledger}, {owner.Area} to {owner.Role};
                grant select on all tables in schema {ledger} to {owner.Role};
                grant insert, update (version, timestamp) on {ledger}.mt_streams to {owner.Role};
                grant insert on {ledger}.mt_events to {owner.Role};
                grant usage on sequence {ledger}.mt_events_sequence to {owner.Role};
                grant insert, update, delete on {ledger}.eml_name to {owner.Role};
                grant create on schema {owner.Area} to {owner.Role};
                grant select, insert, update, delete on all tables in schema {owner.Area} to {owner.Role};
                grant usage on all sequences in schema {owner.Area} to {owner.Role};
                alter default privileges in schema {owner.Area} grant select, insert, update, delete on tables to {owner.Role};
                alter default privileges in schema {owner.Area} grant usage on sequences to {owner.Role};
                """, cancellationToken);
            await using var categories = new NpgsqlCommand($"""
                with gone as (delete from {ledger}.eml_category where role = $1 and category <> all($2))
                insert into {ledger}.eml_category select unnest($2), $1 on conflict do nothing
                """, connection);
            categories.Parameters.AddWithValue(owner.Role);
            categories.Parameters.AddWithValue(owner.Categories);
            await categories.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
