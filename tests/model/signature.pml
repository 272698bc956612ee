/* The life of a use, from the decision to its outcome, under one grant of COUNT uses: ATTEMPTS calls
   of C_Sign race each other and a revocation, while FAILURES commits fail and the process ends
   CRASHES times at any moment.

   Modelled is what grantd/gate (signing, outcomes, deliveries), grantd/store/writer and the
   revocation in grantd/workflow do. Steps that others cannot tell apart are one step here; those
   that have a failpoint (grantd/failpoint.h) are marked by STEP.

   Each of these takes one precaution away, and an assertion must then fail:
     DELIVER_EARLY     the signature goes out before the commit
     NO_SECOND_LOOK    the transaction counts without looking at the grant again
     NO_WITHDRAWAL     a revocation is acknowledged as soon as it is durable
     NO_WAIT           it withdraws, but does not wait for what is going out
     RETURN_UNKNOWN    a use is given back although the token may have signed
     NO_RECOVERY       a start explains nothing

   With REPLAY the visible steps follow a recorded trace, and its end is an assertion that fails. */

#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef COUNT
#define COUNT 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef REVOCATIONS
#define REVOCATIONS 1
#endif

/* What a trace shows. */
#define SPEND_COUNTED 1
#define SPEND_COMMITTED 2
#define TOKEN_FAILED 3
#define WITHHOLD 4
#define REPLY_BEFORE 5
#define REPLY_AFTER 6
#define SETTLE_RECORDED 7
#define RECOVER_RECORDED 8
#define REVOKE_RECORDED 9
#define REVOKE_COMMITTED 10
#define REVOKE_WITHDRAWN 11
#define STARTED 12
#define NONE 255

mtype:outcome = { none, pending, signed, returned, withheld, unsettled };
mtype:job = { idle, queued, counted, refused, durable, committed, lost };
mtype:ticket = { gone, running, delivering, withdrawn };

#ifdef REPLAY
/* Has LENGTH, ATTEMPTS, COUNT, CRASHES and the like, the arrays below and Record(), which fills them. */
#include "trace.pml"
short position = 0;
#define NEXT(shown, use) (position < LENGTH && trace_shown[position] == shown && trace_use[position] == use)
#define STEP position++
/* What the trace cannot show is left to the search only where it matters. */
#define DECIDED(i) NEXT(SPEND_COUNTED, i)
#define ANSWERED(i, answer) (trace_signed[i] == (answer == signed))
#else
#define NEXT(shown, use) (true)
#define STEP skip
#define DECIDED(i) USABLE(used, revoked)
#define ANSWERED(i, answer) (true)
#endif

/* On the disk. A use has its audit entry exactly when it has an outcome. */
byte used = 0;
bool revoked = false;
mtype:outcome outcome[ATTEMPTS] = none;

/* In the writer's open transaction. */
bool open = false;
byte open_used;
bool open_revoked;
mtype:outcome open_outcome[ATTEMPTS] = none;

/* In the memory of the process. */
bool up = true;
byte life = 0; /* how often it was started again */
mtype:job spend[ATTEMPTS] = idle;
mtype:job settle[ATTEMPTS] = idle; /* of the outcome */
mtype:job revoke = idle;
mtype:ticket ticket[ATTEMPTS] = gone;
bool charged[ATTEMPTS] = false; /* the ticket names the grant */

/* Outside, where no crash undoes anything. */
byte deliveries = 0;
bool acknowledged = false; /* the revocation */
byte finished = 0;
bool quiet = false; /* no more calls: one last start, and everything is to be explained */

#define USABLE(u, r) (u < COUNT && !r)
#define MINE (up && life == born)

/* One call of C_Sign. */
proctype Attempt(byte i) {
  byte born;
  mtype:outcome answer = none; /* the token's: signed, returned (it refuses), unsettled (unknown) */

  /* The decision, on a snapshot. */
  if
#ifndef REPLAY
  :: atomic { up && !DECIDED(i) -> goto over }
#endif
  :: atomic {
       up && DECIDED(i) -> born = life;
       ticket[i] = running;
       spend[i] = queued
     }
  fi;

  /* The token signs while the writer works. */
  if
  :: atomic { MINE && ANSWERED(i, signed) -> answer = signed }
  :: atomic { MINE && ANSWERED(i, returned) -> answer = returned }
  :: atomic { MINE && ANSWERED(i, unsettled) -> answer = unsettled }
  :: !MINE -> goto over
  fi;

  if
  :: atomic { MINE && spend[i] == committed -> skip }
#ifdef DELIVER_EARLY
  :: atomic { MINE && spend[i] == counted -> skip }
#endif
  :: atomic { MINE && (spend[i] == refused || spend[i] == lost) -> ticket[i] = gone; goto over }
  :: !MINE -> goto over
  fi;

  if
  :: atomic {
       MINE && answer == signed && ticket[i] == running -> ticket[i] = delivering;
       goto deliver
     }
  :: atomic {
       MINE && answer == signed && ticket[i] == withdrawn && NEXT(WITHHOLD, i) -> STEP;
       answer = withheld
     }
  :: atomic { MINE && answer != signed && NEXT(TOKEN_FAILED, i) -> STEP }
  :: !MINE -> goto over
  fi;
#ifdef RETURN_UNKNOWN
  if
  :: answer == unsettled -> answer = returned; deliveries++ /* for it may be with the client */
  :: else
  fi;
#endif
  goto record;

deliver:
  if
  :: atomic { MINE && NEXT(REPLY_BEFORE, i) -> STEP }
  :: !MINE -> goto over
  fi;
  if
  :: atomic {
       MINE -> deliveries++;
       assert(!acknowledged);         /* none after a revocation that was acknowledged */
       assert(outcome[i] == pending)  /* none without its use and audit entry on the disk */
     }
  :: !MINE -> goto over
  fi;
  if
  :: atomic { MINE && NEXT(REPLY_AFTER, i) -> STEP; ticket[i] = gone }
  :: !MINE -> goto over
  fi;

record: /* within some transaction of the writer; that of a delivery is tried until it holds */
  if
  :: atomic { MINE && open && answer == signed && NEXT(SETTLE_RECORDED, i) -> STEP; open_outcome[i] = signed; settle[i] = counted }
  :: atomic {
       MINE && open && answer != signed -> open_outcome[i] = answer;
       if
       :: answer == returned -> open_used--
       :: else
       fi;
       settle[i] = counted
     }
  :: !MINE -> goto over
  fi;
  if
  :: atomic { MINE && settle[i] == durable -> ticket[i] = gone }
  :: atomic { MINE && settle[i] == lost && answer == signed -> goto record }
  :: atomic { MINE && settle[i] == lost && answer != signed -> ticket[i] = gone }
  :: !MINE
  fi;

over:
  atomic { answer = none; finished++ }
}

/* The work of one call in the writer's transaction, and the word of its commit. */
proctype SpendJob(byte i) {
  do
#ifdef NO_SECOND_LOOK
  :: atomic { up && open && spend[i] == queued && NEXT(SPEND_COUNTED, i) -> STEP;
#else
  :: atomic { up && open && spend[i] == queued && !USABLE(open_used, open_revoked) -> spend[i] = refused }
  :: atomic { up && open && spend[i] == queued && USABLE(open_used, open_revoked) && NEXT(SPEND_COUNTED, i) -> STEP;
#endif
       open_used++;
       open_outcome[i] = pending;
       charged[i] = true;
       spend[i] = counted
     }
  :: atomic { up && spend[i] == durable && NEXT(SPEND_COMMITTED, i) -> STEP; spend[i] = committed }
  :: quiet -> break
  od
}

#define IN_TRANSACTION(job) (job == counted)

/* One transaction after the other; whoever comes meanwhile shares the commit. */
proctype Writer() {
  byte born, i, counted_uses;
  byte failures = 0;
  do
  :: atomic {
       up && !open && !quiet -> born = life;
       open_used = used;
       open_revoked = revoked;
       for (i : 0 .. ATTEMPTS - 1) { open_outcome[i] = outcome[i] }
       i = 0;
       open = true
     }
  :: atomic {
       MINE && open -> open = false;
       used = open_used;
       revoked = open_revoked;
       counted_uses = 0;
       for (i : 0 .. ATTEMPTS - 1) {
         outcome[i] = open_outcome[i];
         counted_uses = counted_uses + (outcome[i] != none && outcome[i] != returned);
         if
         :: IN_TRANSACTION(spend[i]) -> spend[i] = durable
         :: else
         fi;
         if
         :: IN_TRANSACTION(settle[i]) -> settle[i] = durable
         :: else
         fi
       }
       if
       :: IN_TRANSACTION(revoke) -> revoke = durable
       :: else
       fi;
       assert(used == counted_uses);
       assert(used <= COUNT);
       i = 0;
       counted_uses = 0
     }
  :: atomic {
       MINE && open && failures < FAILURES -> open = false;
       failures++;
       for (i : 0 .. ATTEMPTS - 1) {
         if
         :: IN_TRANSACTION(spend[i]) -> spend[i] = lost
         :: else
         fi;
         if
         :: IN_TRANSACTION(settle[i]) -> settle[i] = lost
         :: else
         fi
       }
       if
       :: IN_TRANSACTION(revoke) -> revoke = lost
       :: else
       fi;
       i = 0
     }
  :: quiet -> break
  od
}

proctype Revocation() {
  byte born, i;
  if
  :: atomic { up && open && NEXT(REVOKE_RECORDED, NONE) -> STEP; born = life; open_revoked = true; revoke = counted }
  :: quiet -> goto over
  fi;
  if
  :: atomic { MINE && revoke == durable && NEXT(REVOKE_COMMITTED, NONE) -> STEP }
  :: MINE && revoke == lost -> goto over
  :: !MINE -> goto over
  :: quiet -> goto over
  fi;
#ifndef NO_WITHDRAWAL
  if
  :: atomic {
       MINE ->
       for (i : 0 .. ATTEMPTS - 1) {
         if
         :: charged[i] && ticket[i] == running -> ticket[i] = withdrawn
         :: else
         fi
       }
       i = 0
     }
  :: !MINE -> goto over
  fi;
#ifndef NO_WAIT
  do
  :: atomic { MINE && i < ATTEMPTS && !(charged[i] && ticket[i] == delivering) -> i++ }
  :: atomic { MINE && i == ATTEMPTS -> break }
  :: !MINE -> goto over
  od;
#endif
#endif
  if
  :: atomic { MINE && NEXT(REVOKE_WITHDRAWN, NONE) -> STEP; acknowledged = true }
  :: !MINE
  fi;
over:
  i = 0
}

/* The ends of the process, at any moment, and its starts. */
proctype Process() {
  byte i;
  byte crashes = 0;
end:
  if
  :: atomic { crashes < CRASHES && NEXT(STARTED, NONE) -> STEP; crashes++; up = false }
  :: atomic { finished == ATTEMPTS && !quiet -> quiet = true; up = false }
  fi;
killed:
  atomic {
    up = false;
    open = false;
    life++;
    for (i : 0 .. ATTEMPTS - 1) {
      spend[i] = idle;
      settle[i] = idle;
      ticket[i] = gone;
      charged[i] = false;
      open_outcome[i] = outcome[i]
    }
    revoke = idle;
    i = 0
  }
#ifndef NO_RECOVERY
  do
  :: atomic { i < ATTEMPTS && outcome[i] != pending -> i++ }
  :: atomic { i < ATTEMPTS && outcome[i] == pending && (quiet || NEXT(RECOVER_RECORDED, i)) ->
       if
       :: quiet
       :: else -> STEP
       fi;
       open_outcome[i] = unsettled;
       i++
     }
  :: atomic { crashes < CRASHES && !quiet && NEXT(STARTED, NONE) -> STEP; crashes++; goto killed }
  :: i == ATTEMPTS -> break
  od;
#endif
  atomic {
    for (i : 0 .. ATTEMPTS - 1) { outcome[i] = open_outcome[i] }
    i = 0;
    up = true;
    if
    :: quiet -> goto checked
    :: else -> goto end
    fi
  }
checked:
  atomic {
    assert(deliveries <= used);  /* none that is not counted */
    assert(deliveries <= COUNT); /* never one signature too many */
    for (i : 0 .. ATTEMPTS - 1) {
      assert(outcome[i] != pending) /* every use has its explanation */
    }
  }
}

#ifdef REPLAY
proctype End() {
  position == LENGTH -> assert(false)
}
#endif

init {
  byte i;
  atomic {
#ifdef REPLAY
    Record();
    run End();
#endif
    run Process();
    run Writer();
    do
    :: i < REVOCATIONS -> run Revocation(); i++
    :: else -> break
    od;
    for (i : 0 .. ATTEMPTS - 1) {
      run Attempt(i);
      run SpendJob(i)
    }
    i = 0
  }
}
