-- The schema as the steps 0001 to 0013 leave it on SQLite, for PostgreSQL, where nothing was before.
-- Frozen: from 0014 on a step works on both. Moments are text of one width, as they are
-- there; and text has no length, for SQLite counts no letters.

CREATE TABLE "case" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "reference" TEXT NOT NULL,
  "form_key" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "intent" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "region" TEXT NOT NULL,
  "postcode" TEXT NOT NULL,
  "received_at" TEXT NOT NULL,
  "municipality" BYTEA NOT NULL,
  "name" BYTEA NOT NULL,
  "email" BYTEA NOT NULL,
  "phone" BYTEA NOT NULL,
  "answers" BYTEA NOT NULL,
  "email_hash" TEXT NOT NULL DEFAULT '',
  "phone_hash" TEXT NOT NULL DEFAULT '',
  "stage" TEXT NOT NULL DEFAULT '',
  "idle_since" TEXT NOT NULL DEFAULT '1970-01-01 00:00:00.000000',
  "heard_at" TEXT,
  "heard_after" INTEGER,
  "in_time" BOOLEAN,
  "doubts" TEXT NOT NULL DEFAULT ''
);
CREATE INDEX "case_email_hash" ON "case" ("email_hash");
CREATE UNIQUE INDEX "case_form_key" ON "case" ("form_key");
CREATE INDEX "case_phone_hash" ON "case" ("phone_hash");
CREATE INDEX "case_received_at" ON "case" ("received_at");
CREATE UNIQUE INDEX "case_reference" ON "case" ("reference");
CREATE INDEX "case_region_stage_idle_since_id" ON "case" ("region", "stage", "idle_since", "id");
CREATE INDEX "case_region_status_stage_idle_since_id"
  ON "case" ("region", "status", "stage", "idle_since", "id");
CREATE INDEX "case_stage_idle_since_id" ON "case" ("stage", "idle_since", "id");
CREATE INDEX "case_status_stage_idle_since_id" ON "case" ("status", "stage", "idle_since", "id");

CREATE TABLE "staff" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "name" BYTEA NOT NULL,
  "email" BYTEA NOT NULL,
  "email_hash" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "manager" TEXT,
  "active" BOOLEAN NOT NULL,
  "invited_at" TEXT NOT NULL,
  "disabled_at" TEXT,
  "link_mailed_at" TEXT,
  "authenticator" BYTEA,
  "last_step" BIGINT NOT NULL
);
CREATE UNIQUE INDEX "staff_email_hash" ON "staff" ("email_hash");
CREATE INDEX "staff_manager" ON "staff" ("manager");

CREATE TABLE "absence" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "manager" TEXT NOT NULL,
  "first_day" DATE NOT NULL,
  "last_day" DATE NOT NULL,
  "deputy" TEXT
);
CREATE INDEX "absence_last_day" ON "absence" ("last_day");
CREATE INDEX "absence_manager_last_day" ON "absence" ("manager", "last_day");

CREATE TABLE "addition" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "added_at" TEXT NOT NULL,
  "content" BYTEA NOT NULL,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "addition_case_id" ON "addition" ("case_id");
CREATE UNIQUE INDEX "addition_case_id_fingerprint" ON "addition" ("case_id", "fingerprint");

CREATE TABLE "audit_line" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "at" TEXT NOT NULL,
  "actor" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "subject" TEXT NOT NULL
);
CREATE INDEX "auditline_at_id" ON "audit_line" ("at", "id");
CREATE INDEX "auditline_subject_at" ON "audit_line" ("subject", "at");

CREATE TABLE "chase_step" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "since" TEXT NOT NULL,
  "step" TEXT NOT NULL,
  "region" TEXT NOT NULL,
  "asked" TEXT,
  "at" TEXT NOT NULL,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "chasestep_asked_step" ON "chase_step" ("asked", "step");
CREATE INDEX "chasestep_case_id" ON "chase_step" ("case_id");
CREATE UNIQUE INDEX "chasestep_case_id_since_step" ON "chase_step" ("case_id", "since", "step");

CREATE TABLE "conference" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "changed_at" TEXT NOT NULL,
  "question" BYTEA,
  "payer" TEXT,
  "payer_remark" BYTEA,
  "coordinator_name" BYTEA,
  "coordinator_email" BYTEA,
  "coordinator_phone" BYTEA,
  "starts_at" TEXT,
  "minutes" INTEGER,
  "place" BYTEA,
  "sequence" INTEGER NOT NULL,
  "attended" TEXT,
  "plan" TEXT,
  "may_ask" BOOLEAN,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "conference_case_id" ON "conference" ("case_id");
CREATE INDEX "conference_starts_at" ON "conference" ("starts_at");

CREATE TABLE "desk_session" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "staff_id" TEXT NOT NULL,
  "digest" TEXT NOT NULL,
  "began_at" TEXT NOT NULL,
  "seen_at" TEXT NOT NULL,
  FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "desksession_digest" ON "desk_session" ("digest");
CREATE INDEX "desksession_seen_at" ON "desk_session" ("seen_at");
CREATE INDEX "desksession_staff_id" ON "desk_session" ("staff_id");

CREATE TABLE "digest" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "reader" TEXT NOT NULL,
  "day" DATE NOT NULL
);
CREATE UNIQUE INDEX "digest_reader_day" ON "digest" ("reader", "day");

CREATE TABLE "digest_key" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "key" BYTEA NOT NULL
);

CREATE TABLE "draft" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "digest" TEXT NOT NULL,
  "form_key" TEXT NOT NULL,
  "door" TEXT NOT NULL,
  "step" INTEGER NOT NULL,
  "reference" TEXT NOT NULL,
  "changed_at" TEXT NOT NULL,
  "content" BYTEA NOT NULL,
  "begun_at" TEXT NOT NULL DEFAULT '1970-01-01 00:00:00.000000'
);
CREATE INDEX "draft_changed_at" ON "draft" ("changed_at");
CREATE UNIQUE INDEX "draft_digest" ON "draft" ("digest");

CREATE TABLE "event" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "what" TEXT NOT NULL,
  "at" TEXT NOT NULL,
  "by" TEXT NOT NULL DEFAULT '',
  "function" TEXT NOT NULL DEFAULT '',
  "status" TEXT,
  "region" TEXT,
  "reason" BYTEA,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "event_case_id" ON "event" ("case_id");
CREATE INDEX "event_status_at" ON "event" ("status", "at");

CREATE TABLE "follow_up" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "held_on" DATE NOT NULL,
  "asked_at" TEXT NOT NULL,
  "by_phone" BOOLEAN NOT NULL,
  "reminded_at" TEXT,
  "answered_at" TEXT,
  "pseudonym" TEXT,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "followup_asked_at" ON "follow_up" ("asked_at");
CREATE UNIQUE INDEX "followup_case_id" ON "follow_up" ("case_id");

CREATE TABLE "heartbeat" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "at" TEXT NOT NULL
);

CREATE TABLE "key_proof" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "proof" BYTEA NOT NULL
);

CREATE TABLE "last_sweep" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "at" TEXT NOT NULL,
  "overdue" TEXT NOT NULL
);

CREATE TABLE "letter" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "message_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "case_reference" TEXT NOT NULL,
  "recipient" BYTEA NOT NULL,
  "fallback" BYTEA,
  "reply_to" BYTEA NOT NULL,
  "subject" BYTEA NOT NULL,
  "body" BYTEA NOT NULL,
  "last_answer" BYTEA,
  "state" TEXT NOT NULL,
  "attempts" INTEGER NOT NULL,
  "created_at" TEXT NOT NULL,
  "due_at" TEXT NOT NULL,
  "sent_at" TEXT,
  "forwarded_from" TEXT,
  "set_aside_at" TEXT,
  "set_aside_by" TEXT
);
CREATE INDEX "letter_case_reference" ON "letter" ("case_reference");
CREATE UNIQUE INDEX "letter_message_id" ON "letter" ("message_id");
CREATE INDEX "letter_state_due_at" ON "letter" ("state", "due_at");
CREATE INDEX "letter_state_sent_at" ON "letter" ("state", "sent_at");

CREATE TABLE "manager" (
  "key" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "email" TEXT NOT NULL,
  "phone" TEXT NOT NULL,
  "deputy" TEXT,
  "active" BOOLEAN NOT NULL
);

CREATE TABLE "municipality" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "region" TEXT NOT NULL
);

CREATE TABLE "national_desk" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "email" TEXT NOT NULL,
  "phone" TEXT NOT NULL
);

CREATE TABLE "note" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "by" TEXT NOT NULL,
  "function" TEXT NOT NULL,
  "at" TEXT NOT NULL,
  "text" BYTEA NOT NULL,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "note_case_id" ON "note" ("case_id");
CREATE UNIQUE INDEX "note_fingerprint" ON "note" ("fingerprint");

CREATE TABLE "postcode" (
  "code" TEXT NOT NULL,
  "rank" INTEGER NOT NULL,
  "municipality" TEXT NOT NULL,
  "region" TEXT NOT NULL,
  PRIMARY KEY ("code", "rank")
);

CREATE TABLE "quota_use" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "purpose" TEXT NOT NULL,
  "digest" TEXT NOT NULL,
  "day" TEXT NOT NULL
);
CREATE INDEX "quotause_day" ON "quota_use" ("day");
CREATE INDEX "quotause_digest" ON "quota_use" ("digest");

CREATE TABLE "recovery_code" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "staff_id" TEXT NOT NULL,
  "digest" TEXT NOT NULL,
  FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "recoverycode_digest" ON "recovery_code" ("digest");
CREATE INDEX "recoverycode_staff_id" ON "recovery_code" ("staff_id");

CREATE TABLE "region" (
  "key" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "manager" TEXT NOT NULL
);

CREATE TABLE "reply" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "kind" TEXT NOT NULL,
  "region" TEXT NOT NULL,
  "held_in" TEXT NOT NULL,
  "answered_in" TEXT NOT NULL,
  "going" TEXT NOT NULL,
  "helped" BYTEA,
  "differently" BYTEA
);
CREATE INDEX "reply_answered_in" ON "reply" ("answered_in");
CREATE INDEX "reply_held_in" ON "reply" ("held_in");

CREATE TABLE "task" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "case_id" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "errand" TEXT NOT NULL,
  "by" TEXT NOT NULL,
  "function" TEXT NOT NULL,
  "at" TEXT NOT NULL,
  "due_on" DATE NOT NULL,
  "done_at" TEXT,
  "done_by" TEXT,
  "done_function" TEXT,
  "text" BYTEA NOT NULL,
  FOREIGN KEY ("case_id") REFERENCES "case" ("id") ON DELETE CASCADE
);
CREATE INDEX "task_case_id" ON "task" ("case_id");
CREATE INDEX "task_done_at_due_on" ON "task" ("done_at", "due_on");
CREATE UNIQUE INDEX "task_fingerprint" ON "task" ("fingerprint");

CREATE TABLE "token" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "purpose" TEXT NOT NULL,
  "digest" TEXT NOT NULL,
  "subject" BYTEA NOT NULL,
  "expires_at" TEXT NOT NULL
);
CREATE UNIQUE INDEX "token_digest" ON "token" ("digest");
CREATE INDEX "token_expires_at" ON "token" ("expires_at");

CREATE TABLE "tombstone" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "kind" TEXT NOT NULL,
  "intent" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "region" TEXT NOT NULL,
  "received_in" TEXT NOT NULL,
  "ended_as" TEXT NOT NULL,
  "heard_after" INTEGER,
  "in_time" BOOLEAN,
  "held" BOOLEAN NOT NULL,
  "plan" TEXT
);
CREATE INDEX "tombstone_received_in" ON "tombstone" ("received_in");

-- The age goes by the database's own clock; a day more than the sweep needs is spared.
CREATE FUNCTION "audit_line_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD."at" > to_char(
    now() AT TIME ZONE 'UTC' - interval '365 days', 'YYYY-MM-DD HH24:MI:SS.US'
  ) THEN
    RAISE EXCEPTION 'the audit trail is kept for a year'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER "audit_line_is_not_changed" BEFORE UPDATE ON "audit_line"
  FOR EACH ROW EXECUTE FUNCTION "audit_line_guard"();
CREATE TRIGGER "audit_line_is_not_emptied" BEFORE TRUNCATE ON "audit_line"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_line_guard"();
CREATE TRIGGER "audit_line_is_kept" BEFORE DELETE ON "audit_line"
  FOR EACH ROW EXECUTE FUNCTION "audit_line_guard"();
